//! The login by OIDC that a kubeconfig's `auth-provider` describes, as kubectl does it: an id token
//! that lasts is sent; one that does not is renewed by the refresh token, and both are written back,
//! because many issuers take a refresh token only once.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{
    authorization::bearer,
    kubeconfig::{AuthProvider, Secret, Tokens, keep_tokens, tokens_of},
    login::{CurrentLogin, Login},
};
use crate::{
    env::Env,
    workload::error::{Code, Error, Result},
};

mod issuer;

use issuer::{Issuer, Way, refused};

/// An id token is renewed so long before it expires: kubectl's time.
const EARLY: SignedDuration = SignedDuration::from_secs(10);
/// How long a renewal may take, all its requests together.
const LIMIT: Duration = Duration::from_secs(20);

/// The OIDC logins of one kubeconfig, one for a user; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct OidcLogins(Arc<Mutex<BTreeMap<String, Arc<Oidc>>>>);

impl OidcLogins {
    /// Gives the login of a user.
    ///
    /// # Errors
    /// Code 2 (`kubeconfig`) where the provider is not `oidc` or cannot be used, code 7 (`tls`) where
    /// its CA cannot.
    pub(super) fn of(&self, provider: &AuthProvider, user: &str, env: &Env) -> Result<Arc<Oidc>> {
        let name = &provider.name;
        // kubectl has dropped all but this one.
        if name != "oidc" {
            let message =
                format!("the auth provider `{name}` of user `{user}` is not supported any more");
            return Err(Error::usage(Code::Kubeconfig, message).hint("use an exec plugin instead"));
        }
        let mut known = self.0.lock().expect("noting a login does not panic");
        if let Some(oidc) = known.get(user) {
            return Ok(oidc.clone());
        }
        let unusable = |error: Error| {
            error.while_doing(format!("the OIDC login of user `{user}` cannot be used"))
        };
        let oidc = Arc::new(Oidc::new(provider, user, env).map_err(unusable)?);
        known.insert(user.to_owned(), oidc.clone());
        Ok(oidc)
    }
}

/// A user's login.
pub(crate) struct Oidc {
    user: String,
    provider: AuthProvider,
    /// Who renews it; none where there is no refresh token.
    issuer: Option<Issuer>,
    state: tokio::sync::Mutex<State>,
    current: CurrentLogin,
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oidc({})", self.user)
    }
}

/// What changes in a login.
struct State {
    held: Tokens,
    /// What the file had when it was read last: what differs from it is somebody else's, and newer.
    on_disk: Tokens,
    /// How the issuer wants to know the client, once that is known.
    way: Option<Way>,
}

impl Oidc {
    fn new(provider: &AuthProvider, user: &str, env: &Env) -> Result<Self> {
        let tokens = Tokens::of(provider);
        let issuer = match &tokens.refresh {
            Some(_) => Some(Issuer::of(provider, env)?),
            None => None,
        };
        Ok(Self {
            user: user.to_owned(),
            provider: provider.clone(),
            issuer,
            state: State { held: tokens.clone(), on_disk: tokens, way: None }.into(),
            current: CurrentLogin::default(),
        })
    }

    /// Tells whether a token that a server refused can be renewed.
    pub(crate) fn can_renew(&self) -> bool {
        self.issuer.is_some()
    }

    /// Gives a login that has not expired; renews it if there is none.
    ///
    /// # Errors
    /// Code 7 (`unauthorized`) where that cannot be done.
    pub(crate) async fn login(self: &Arc<Self>) -> Result<Arc<Login>> {
        let this = Arc::clone(self);
        whole(async move { this.current.get(this.make(false)).await }).await
    }

    /// Replaces a login that a server refused, once. None if that has been tried in vain.
    ///
    /// # Errors
    /// Those of [`Self::login`].
    pub(crate) async fn renew(
        self: &Arc<Self>,
        refused: &Arc<Login>,
    ) -> Result<Option<Arc<Login>>> {
        let (this, refused) = (Arc::clone(self), Arc::clone(refused));
        whole(async move { this.current.replace(&refused, this.make(true)).await }).await
    }

    async fn make(&self, after_refusal: bool) -> Result<Login> {
        let mut state = self.state.lock().await;
        if !after_refusal && let Some(login) = lasting(&state.held) {
            return Ok(login);
        }
        // kubectl, or another of us, may have renewed it meanwhile; the old refresh token may have
        // ended with that.
        let found = tokens_of(&self.provider.file, &self.user);
        if let Some(found) = found.filter(|found| *found != state.on_disk) {
            let is_new = found.id != state.held.id;
            (state.held, state.on_disk) = (found.clone(), found);
            if is_new && let Some(login) = lasting(&state.held) {
                return Ok(login);
            }
        }
        self.refresh(&mut state).await
    }

    async fn refresh(&self, state: &mut State) -> Result<Login> {
        let (Some(issuer), Some(refresh)) = (&self.issuer, state.held.refresh.clone()) else {
            let message = format!("the OIDC login of user `{}` has expired", self.user);
            return Err(Error::runtime(Code::Unauthorized, message)
                .cause("there is no `refresh-token` in the kubeconfig to renew it by")
                .hint("log in again; with the scope `offline_access` issuers give such a token"));
        };
        let failed = |error: Error| {
            error
                .while_doing(format!("the OIDC login of user `{}` cannot be renewed", self.user))
                .or_hint(|| "log in again".to_owned())
        };
        let asked = tokio::time::timeout(LIMIT, issuer.renew(&refresh, &mut state.way)).await;
        let late =
            || refused(format!("{} did not answer within {} s", issuer.url, LIMIT.as_secs()));
        let answer = asked.unwrap_or_else(|_| Err(late())).map_err(failed)?;
        let ends = answer.id_token.as_ref().and_then(end);
        if ends.is_some() {
            state.held.id = answer.id_token;
        }
        if let Some(next) = answer.refresh_token.filter(|next| !next.0.is_empty()) {
            state.held.refresh = Some(next);
        }
        let warning = self.keep(state).await;
        let (Some(end), Some(id)) = (ends, &state.held.id) else {
            return Err(failed(refused(format!("{} gave no id_token that is a JWT", issuer.url)))
                .hint("log in again with the scope `openid`"));
        };
        let header = bearer(&id.0).map_err(|why| failed(refused(why)))?;
        // One that has expired when it is given says nothing: the clocks differ, and the server is
        // to judge.
        let renew_at = Some(end).filter(|at| *at > Timestamp::now());
        Ok(Login::new(Some(header), None, renew_at).with_warning(warning))
    }

    /// Writes the tokens back; gives a warning where that fails.
    async fn keep(&self, state: &mut State) -> Option<String> {
        let file = &self.provider.file;
        match keep_tokens(file, &self.user, &state.held).await {
            Ok(()) => {
                state.on_disk = state.held.clone();
                None
            }
            Err(why) => Some(format!(
                "the renewed OIDC login of user `{}` cannot be kept in {}, so that the next command \
                 may need another login: {why}",
                self.user,
                file.display()
            )),
        }
    }
}

/// Does what must not end in the middle with the request that asked for it: the answer may hold the
/// only refresh token that is still good.
async fn whole<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(work).await.expect("renewing a login does not panic")
}

/// Makes a login of an id token that has not expired.
fn lasting(tokens: &Tokens) -> Option<Login> {
    let id = tokens.id.as_ref()?;
    let renew_at = end(id)?;
    let header = bearer(&id.0).ok().filter(|_| Timestamp::now() < renew_at)?;
    Some(Login::new(Some(header), None, Some(renew_at)))
}

/// Reads until when a JWT is sent; its signature is for the server to judge.
fn end(Secret(token): &Secret) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        #[serde(default)]
        exp: f64,
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [_, payload, _] = parts[..] else { return None };
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let expiry = SignedDuration::try_from_secs_f64(claims.exp).ok()?;
    Timestamp::from_duration(expiry).ok()?.checked_sub(EARLY).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expiry_is_read_as_kubectl_reads_it() {
        for (claims, expected) in [
            (r#"{"exp": 1700000000}"#, Some(1_699_999_990)),
            (r#"{"exp": 1.7e9, "sub": "\u00ff?>"}"#, Some(1_699_999_990)),
            ("{}", Some(-10)),
            (r#"{"exp": -1e300}"#, None),
            (r#"{"exp": "soon"}"#, None),
            ("nonsense", None),
        ] {
            let token = format!("x.{}.y", URL_SAFE_NO_PAD.encode(claims));
            assert_eq!(end(&Secret(token)).map(Timestamp::as_second), expected, "{claims}");
        }
        for token in ["", "a.b", "a.b.c.d", "a.!.c"] {
            assert_eq!(end(&Secret(token.to_owned())), None, "{token}");
        }
    }
}
