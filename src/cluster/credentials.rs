//! How a request says who it comes from: nothing, a fixed header, a token file that may change,
//! or the login of an exec plugin or an OIDC issuer.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http::HeaderValue;

use super::{
    authorization::{basic, bearer},
    client_certificate::Identity,
    exec_plugin::ExecPlugin,
    kubeconfig::User,
    login::Login,
    oidc::Oidc,
};
use crate::workload::error::{Code, Error, Result};

/// A token file is read again when what was read is older: client-go's minute less its leeway of
/// ten seconds. The kubelet renews the tokens of pods.
const TOKEN_AGE: Duration = Duration::from_secs(50);

/// The source of a request's `Authorization` header.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// Nobody, or the client certificate of the connection.
    None,
    /// A token or a password that does not change.
    Fixed(HeaderValue),
    File(TokenFile),
    Exec(Arc<ExecPlugin>),
    Oidc(Arc<Oidc>),
}

/// What one request carries.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// A header, or nothing.
    Header(Option<HeaderValue>),
    Login(Arc<Login>),
}

impl Proof {
    pub(crate) fn header(&self) -> Option<&HeaderValue> {
        match self {
            Self::Header(header) => header.as_ref(),
            Self::Login(login) => login.header.as_ref(),
        }
    }

    /// Gives the client certificate that the connection has to be made with.
    pub(crate) fn identity(&self) -> Option<&Arc<Identity>> {
        match self {
            Self::Header(_) => None,
            Self::Login(login) => login.identity.as_ref(),
        }
    }

    /// Takes out what the user should know of it.
    pub(crate) fn take_warning(&self) -> Option<String> {
        match self {
            Self::Header(_) => None,
            Self::Login(login) => login.take_warning(),
        }
    }

    /// Notes that a server took it.
    pub(crate) fn accepted(&self) {
        if let Self::Login(login) = self {
            login.accepted();
        }
    }
}

impl Credentials {
    /// Takes a user's fixed credentials. An exec plugin or an OIDC login is used only where there
    /// are none, as in kubectl.
    ///
    /// # Errors
    /// Code 2 (`kubeconfig`) where the user has two kinds of them or an unreadable token file.
    pub(crate) fn of(
        user: &User,
        name: &str,
        plugin: Option<Arc<ExecPlugin>>,
        oidc: Option<Arc<Oidc>>,
    ) -> Result<Self> {
        if plugin.is_some() && oidc.is_some() {
            let message = format!("user `{name}` of the kubeconfig has `exec` and `auth-provider`");
            return Err(Error::usage(Code::Kubeconfig, message).hint("keep one of them"));
        }
        let has_token = user.token.is_some() || user.token_file.is_some();
        // clientcmd refuses it too: it is not clear which one is meant.
        if has_token && user.username.is_some() {
            let message = format!("user `{name}` of the kubeconfig has a token and a password");
            return Err(Error::usage(Code::Kubeconfig, message).hint("keep one of them"));
        }
        let unusable = |why: String| {
            Error::usage(Code::Kubeconfig, format!("the token of user `{name}` cannot be used"))
                .cause(why)
        };
        if let Some(username) = &user.username {
            let password = user.password.as_ref().map_or("", |secret| &secret.0);
            return Ok(Self::Fixed(basic(username, password)));
        }
        let inline = match &user.token {
            Some(token) => Some(bearer(&token.0).map_err(unusable)?),
            None => None,
        };
        match (&user.token_file, inline, plugin) {
            (Some(file), inline, _) => Ok(Self::File(TokenFile::open(file.into(), inline)?)),
            (None, Some(header), _) => Ok(Self::Fixed(header)),
            (None, None, Some(plugin)) => Ok(Self::Exec(plugin)),
            (None, None, None) => Ok(oidc.map_or(Self::None, Self::Oidc)),
        }
    }

    /// Gives what the next request carries.
    ///
    /// # Errors
    /// Those of the exec plugin or the OIDC login.
    pub(crate) async fn proof(&self) -> Result<Proof> {
        match self {
            Self::None => Ok(Proof::Header(None)),
            Self::Fixed(header) => Ok(Proof::Header(Some(header.clone()))),
            Self::File(file) => Ok(Proof::Header(Some(file.header(TOKEN_AGE)))),
            Self::Exec(plugin) => plugin.login().await.map(Proof::Login),
            Self::Oidc(oidc) => oidc.login().await.map(Proof::Login),
        }
    }

    /// Gives something better than what a server refused, if there is anything.
    ///
    /// # Errors
    /// Those of the exec plugin or the OIDC login.
    pub(crate) async fn renewed(&self, refused: &Proof) -> Result<Option<Proof>> {
        match (self, refused) {
            (Self::File(file), Proof::Header(old)) => {
                // It may have been renewed since it was read; the same token would be refused
                // again.
                let new = Some(file.header(Duration::ZERO));
                Ok((new != *old).then_some(Proof::Header(new)))
            }
            (Self::Exec(plugin), Proof::Login(login)) => {
                Ok(plugin.renew(login).await?.map(Proof::Login))
            }
            (Self::Oidc(oidc), Proof::Login(login)) => {
                Ok(oidc.renew(login).await?.map(Proof::Login))
            }
            _ => Ok(None),
        }
    }

    /// Tells whether a refused request may be worth another one.
    pub(crate) fn can_renew(&self) -> bool {
        match self {
            Self::None | Self::Fixed(_) => false,
            Self::File(_) | Self::Exec(_) => true,
            Self::Oidc(oidc) => oidc.can_renew(),
        }
    }
}

/// A file with a token that somebody renews.
#[derive(Debug)]
pub(crate) struct TokenFile {
    path: PathBuf,
    read: Mutex<(HeaderValue, Instant)>,
}

impl TokenFile {
    /// Reads the file for the first time; `inline` serves where it cannot be read.
    ///
    /// # Errors
    /// Code 2 (`kubeconfig`) naming the file, where there is no inline token either.
    pub(crate) fn open(path: PathBuf, inline: Option<HeaderValue>) -> Result<Self> {
        let header = match (read_token(&path), inline) {
            (Ok(header), _) | (Err(_), Some(header)) => header,
            (Err(why), None) => {
                let message = format!("cannot use the token file {}", path.display());
                return Err(Error::usage(Code::Kubeconfig, message).cause(why));
            }
        };
        Ok(Self { path, read: Mutex::new((header, Instant::now())) })
    }

    /// Gives the header; reads the file again if what was read is older than `age`. What was read
    /// last stays where the file has vanished.
    fn header(&self, age: Duration) -> HeaderValue {
        let mut read = self.read.lock().expect("reading a token does not panic");
        if read.1.elapsed() >= age {
            if let Ok(header) = read_token(&self.path) {
                read.0 = header;
            }
            read.1 = Instant::now();
        }
        read.0.clone()
    }
}

fn read_token(path: &std::path::Path) -> Result<HeaderValue, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        token => bearer(token),
    }
}
