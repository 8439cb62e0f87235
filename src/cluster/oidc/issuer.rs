//! Who renews the tokens of an OIDC login: its discovery says where, and it knows its client by
//! HTTP Basic or by the form. What it answers is bounded, and never quoted where tokens may be in it.

use bytes::{Bytes, BytesMut};
use http::{
    Request, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::{Deserialize, de::DeserializeOwned};
use tower::{BoxError, ServiceExt as _};

use crate::{
    cluster::{
        authorization::basic,
        client_certificate,
        http::Endpoint,
        kubeconfig::{AuthProvider, Secret},
        proxy::is_loopback,
    },
    env::Env,
    workload::error::{Code, Error, Result},
};

/// The most bytes of an answer of the issuer.
const ANSWER_BYTES: usize = 1 << 20;
/// How many characters of a refusal's text are shown.
const SHOWN: usize = 300;

/// How a client says who it is (RFC 6749, 2.3.1).
#[derive(Clone, Copy)]
pub(super) enum Way {
    Basic,
    Form,
}

/// Makes the failure of a renewal.
pub(super) fn refused(why: impl Into<String>) -> Error {
    Error::runtime(Code::Unauthorized, why)
}

/// Who renews tokens.
pub(super) struct Issuer {
    pub(super) url: String,
    client: Secret,
    client_secret: Option<Secret>,
    /// The certificates to trust; none: the system's.
    authorities: Option<Vec<Vec<u8>>>,
    env: Env,
}

/// What the issuer says of itself.
#[derive(Deserialize)]
struct Discovery {
    token_endpoint: String,
}

/// What it gives.
#[derive(Deserialize)]
pub(super) struct Renewed {
    pub(super) id_token: Option<Secret>,
    pub(super) refresh_token: Option<Secret>,
}

/// Why it gives nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
}

impl Issuer {
    /// Reads who it is.
    ///
    /// # Errors
    /// Code 2 (`kubeconfig`) where the provider lacks something, code 7 (`tls`) where there is no
    /// certificate in its CA.
    pub(super) fn of(provider: &AuthProvider, env: &Env) -> Result<Self> {
        let text = |key: &str| provider.config.get(key).filter(|text| !text.0.is_empty());
        let needed = |key: &str| {
            text(key).ok_or_else(|| Error::usage(Code::Kubeconfig, format!("it has no `{key}`")))
        };
        let url = needed("idp-issuer-url")?.0.trim_end_matches('/').to_owned();
        checked(&url).map_err(|why| {
            Error::usage(Code::Kubeconfig, "its `idp-issuer-url` is none to ask").cause(why)
        })?;
        let data = text("idp-certificate-authority-data").map(|data| data.0.as_str());
        let file = text("idp-certificate-authority").map(|file| file.0.as_str());
        let pem = client_certificate::load("the issuer's certificate authority", data, file)?;
        let authorities = match pem {
            Some(pem) => Some(client_certificate::authorities(&pem)?),
            None => None,
        };
        Ok(Self {
            url,
            client: needed("client-id")?.clone(),
            client_secret: text("client-secret").cloned(),
            authorities,
            env: env.clone(),
        })
    }

    /// Gets new tokens; of two ways to say who the client is, the one that worked before, or that
    /// works.
    ///
    /// # Errors
    /// Code 7 (`unauthorized`).
    pub(super) async fn renew(&self, refresh: &Secret, way: &mut Option<Way>) -> Result<Renewed> {
        let at = format!("{}/.well-known/openid-configuration", self.url);
        let at = checked(&at).map_err(refused)?;
        let (status, body) = self.send(&at, Request::get(path(&at)), String::new()).await?;
        if status != StatusCode::OK {
            return Err(refused(format!("{at} answers {status}")));
        }
        let Discovery { token_endpoint } = read(&at, &body)?;
        let wrong = |why| refused(format!("{at} names a `token_endpoint` that is none")).cause(why);
        let at = checked(&token_endpoint).map_err(wrong)?;
        let ways: &[Way] = match (&self.client_secret, *way) {
            // A client without a secret has nothing to prove.
            (None, _) | (_, Some(Way::Form)) => &[Way::Form],
            (_, Some(Way::Basic)) => &[Way::Basic],
            (_, None) => &[Way::Basic, Way::Form],
        };
        let mut failure: Option<(Error, bool)> = None;
        for tried in ways {
            let (status, body) = self.ask(&at, refresh, *tried).await?;
            if status.is_success() {
                *way = Some(*tried);
                return read(&at, &body);
            }
            let (error, is_about_token) = self.refusal(&at, status, &body, refresh);
            if !status.is_client_error() {
                return Err(error);
            }
            // Who says that the refresh token has ended knew the client.
            if failure.as_ref().is_none_or(|(_, is_about_token)| !is_about_token) {
                failure = Some((error, is_about_token));
            }
        }
        Err(failure.expect("one way at least was tried").0)
    }

    async fn ask(
        &self,
        at: &Uri,
        Secret(refresh): &Secret,
        way: Way,
    ) -> Result<(StatusCode, Bytes)> {
        let id = encoded(&self.client.0);
        let secret = self.client_secret.as_ref().map(|secret| encoded(&secret.0));
        let mut form = format!("grant_type=refresh_token&refresh_token={}", encoded(refresh));
        let mut request =
            Request::post(path(at)).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        match way {
            Way::Basic => {
                let login = basic(&id, secret.as_deref().unwrap_or_default());
                request = request.header(AUTHORIZATION, login);
            }
            Way::Form => {
                form.push_str(&format!("&client_id={id}"));
                if let Some(secret) = secret {
                    form.push_str(&format!("&client_secret={secret}"));
                }
            }
        }
        self.send(at, request, form).await
    }

    async fn send(
        &self,
        at: &Uri,
        request: http::request::Builder,
        form: String,
    ) -> Result<(StatusCode, Bytes)> {
        let failed = |error: BoxError| {
            let failed = refused(format!("{at} cannot be asked"))
                .hint("check `idp-issuer-url`, `idp-certificate-authority` and HTTPS_PROXY");
            match error.downcast::<Error>() {
                // There are no certificates to trust a server by.
                Ok(own) => failed.cause(own.message).causes(own.causes),
                Err(error) => failed.chain(&*error),
            }
        };
        let request = request
            .header(USER_AGENT, concat!("workloadctl/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "application/json")
            .body(Body::from(form.into_bytes()))
            .map_err(|error| failed(error.into()))?;
        let endpoint =
            Endpoint::elsewhere(at, self.authorities.clone(), &self.env).map_err(failed)?;
        let wire = endpoint.wire(None).map_err(|error| failed(error.into()))?;
        let answer = wire.oneshot(request).await.map_err(failed)?;
        let status = answer.status();
        let mut body = answer.into_body();
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            bytes.extend_from_slice(frame.map_err(failed)?.data_ref().map_or(&[], |data| data));
            if bytes.len() > ANSWER_BYTES {
                return Err(refused(format!("{at} answers with more than {ANSWER_BYTES} bytes")));
            }
        }
        Ok((status, bytes.freeze()))
    }

    /// Tells why there are no new tokens, and whether it is the refresh token that has ended.
    fn refusal(
        &self,
        at: &Uri,
        status: StatusCode,
        body: &[u8],
        refresh: &Secret,
    ) -> (Error, bool) {
        let Refusal { error, error_description } = serde_json::from_slice(body).unwrap_or_default();
        let is_about_token = error == "invalid_grant";
        let mut said = [error, error_description].join(" ").trim().to_owned();
        for Secret(secret) in self.client_secret.iter().chain([refresh]) {
            said = said.replace(secret, "***");
        }
        let said: String = said.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
        let failed = refused(format!("{at} answers {status}"));
        (if said.is_empty() { failed } else { failed.cause(said) }, is_about_token)
    }
}

/// Reads a URL that a secret may be sent to.
fn checked(text: &str) -> Result<Uri, String> {
    let wrong = |why: &str| format!("{text:?} {why}");
    let uri: Uri = text.parse().map_err(|_| wrong("cannot be parsed"))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(wrong("has no host"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("a URL with a login in it is not used".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_loopback(&uri) => Ok(uri),
        _ => Err(wrong("is not https")),
    }
}

fn path(at: &Uri) -> &str {
    at.path_and_query().map_or("/", |path| path.as_str())
}

/// Reads an answer; what is wrong with it is not quoted, for it may hold tokens.
fn read<T: DeserializeOwned>(at: &Uri, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body)
        .map_err(|_| refused(format!("the answer of {at} cannot be understood")))
}

/// Writes a text as a form has it.
fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_only_where_nobody_listens() {
        for (url, expected) in [
            ("https://idp.example/realm", ""),
            ("http://localhost:5556/dex", ""),
            ("http://idp.example", "\"http://idp.example\" is not https"),
            ("https://u:p@idp.example", "a URL with a login in it is not used"),
            ("idp.example", "\"idp.example\" is not https"),
            ("https://", "\"https://\" cannot be parsed"),
            ("/x", "\"/x\" has no host"),
        ] {
            let error = checked(url).err().unwrap_or_default();
            assert_eq!(error, expected);
        }
    }
}
