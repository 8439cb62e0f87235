//! A login that expires and is given anew, by a program or by an issuer: never by two at once, and
//! once for a refusal.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use http::HeaderValue;
use jiff::Timestamp;

use super::client_certificate::Identity;
use crate::workload::error::Result;

/// What requests carry for a while.
#[derive(Debug, Default)]
pub(crate) struct Login {
    pub(crate) header: Option<HeaderValue>,
    pub(crate) identity: Option<Arc<Identity>>,
    renew_at: Option<Timestamp>,
    /// Whether a refusal asked for it, and no server has taken it since.
    doubtful: AtomicBool,
    warning: Mutex<Option<String>>,
}

impl Login {
    /// Makes one of a header and a client certificate, to be renewed at that time.
    pub(crate) fn new(
        header: Option<HeaderValue>,
        identity: Option<Arc<Identity>>,
        renew_at: Option<Timestamp>,
    ) -> Self {
        Self { header, identity, renew_at, ..Self::default() }
    }

    /// Adds what the user should know of it.
    pub(crate) fn with_warning(self, warning: Option<String>) -> Self {
        Self { warning: Mutex::new(warning), ..self }
    }

    /// Takes out what the user should know of it.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.warning.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Notes that a server took it.
    pub(crate) fn accepted(&self) {
        self.doubtful.store(false, Ordering::Relaxed);
    }
}

/// The login that counts. Locked while another is made, so that all requests wait for one.
#[derive(Debug, Default)]
pub(crate) struct CurrentLogin(tokio::sync::Mutex<Option<Arc<Login>>>);

impl CurrentLogin {
    /// Gives the login if it has not expired, else the one that is made.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) async fn get(
        &self,
        make: impl Future<Output = Result<Login>>,
    ) -> Result<Arc<Login>> {
        let mut login = self.0.lock().await;
        match login.as_ref() {
            Some(login) if login.renew_at.is_none_or(|at| Timestamp::now() < at) => {
                Ok(login.clone())
            }
            _ => Ok(login.insert(Arc::new(make.await?)).clone()),
        }
    }

    /// Replaces a login that a server refused, unless somebody else has done so already. None if
    /// that has been tried in vain.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) async fn replace(
        &self,
        refused: &Arc<Login>,
        make: impl Future<Output = Result<Login>>,
    ) -> Result<Option<Arc<Login>>> {
        let mut login = self.0.lock().await;
        if let Some(newer) = login.as_ref().filter(|login| !Arc::ptr_eq(login, refused)) {
            return Ok(Some(newer.clone()));
        }
        // It was fresh and refused all the same: a plugin that is run again for each request would
        // ask for a password each time.
        if refused.doubtful.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let made = Login { doubtful: true.into(), ..make.await? };
        Ok(Some(login.insert(Arc::new(made)).clone()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::workload::error::{Code, Error};

    fn login(token: &'static str, renew_at: Option<Timestamp>) -> Login {
        Login::new(Some(HeaderValue::from_static(token)), None, renew_at)
    }

    #[tokio::test]
    async fn an_expired_login_is_made_anew() {
        let now = Timestamp::now();
        for (renew_at, expected) in [
            (None, "old"),
            (Some(now + SignedDuration::from_hours(1)), "old"),
            (Some(now - SignedDuration::from_secs(1)), "new"),
        ] {
            let current = CurrentLogin::default();
            current.get(async { Ok(login("old", renew_at)) }).await.unwrap();
            let given = current.get(async { Ok(login("new", None)) }).await.unwrap();
            assert_eq!(given.header.as_ref().unwrap(), expected, "{renew_at:?}");
        }
    }

    #[tokio::test]
    async fn a_login_that_others_renewed_is_not_renewed_again() {
        let current = CurrentLogin::default();
        let old = current.get(async { Ok(login("old", None)) }).await.unwrap();
        let make = async { Ok(login("new", None)) };
        let new = current.replace(&old, make).await.unwrap().unwrap();
        let fails = async || Err(Error::runtime(Code::ExecPlugin, "it is made all the same"));
        let given = current.replace(&old, fails()).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&given, &new));
        assert!(current.replace(&new, fails()).await.unwrap().is_none(), "it is in vain");
        new.accepted();
        assert!(current.replace(&new, fails()).await.is_err(), "this one is made anew");
    }
}
