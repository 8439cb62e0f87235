//! The tokens of an OIDC login: the one thing that is written to a kubeconfig, since the issuer may
//! take each refresh token only once. All else in the file keeps its meaning, and where it can, its
//! letters.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value};

use super::{
    Secret,
    file::File,
    loose::{LooseText, decode, parse},
};
use crate::workload::yaml;

/// Where the tokens stand in the `config` of an auth provider.
const ID_TOKEN: &str = "id-token";
const REFRESH_TOKEN: &str = "refresh-token";
/// How often, and how long after each other, a lock that somebody holds is tried.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// What an issuer gave last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) id: Option<Secret>,
    pub(crate) refresh: Option<Secret>,
}

impl Tokens {
    /// Takes the tokens of an auth provider.
    pub(crate) fn of(provider: &super::AuthProvider) -> Self {
        let text = |key| provider.config.get(key).filter(|text| !text.0.is_empty()).cloned();
        Self { id: text(ID_TOKEN), refresh: text(REFRESH_TOKEN) }
    }
}

/// Reads the tokens of a user that a file has now; none where it cannot be read.
pub(crate) fn tokens_of(file: &Path, user: &str) -> Option<Tokens> {
    // A pipe has been read to its end, or waits for somebody.
    if !file.is_file() {
        return None;
    }
    let users = File::read(file).ok()??.users;
    let user = users.into_iter().find(|named| named.name == user)?.user;
    user.auth_provider.as_ref().map(Tokens::of)
}

/// Writes a user's tokens to a file, under the lock that kubectl takes.
///
/// # Errors
/// Why they could not be written. The tokens are not in it.
pub(crate) async fn keep_tokens(file: &Path, user: &str, tokens: &Tokens) -> Result<(), String> {
    let _lock = Lock::take(file).await?;
    // What a link points to is replaced, not the link.
    let file = fs::canonicalize(file).map_err(said)?;
    if !file.is_file() {
        return Err("it is no file".to_owned());
    }
    let text = decode(fs::read(&file).map_err(said)?)?;
    replace(&file, &renewed(&text, user, tokens)?).map_err(said)
}

fn said(error: io::Error) -> String {
    error.to_string()
}

/// Gives the text of a kubeconfig with a user's new tokens.
fn renewed(text: &str, user: &str, tokens: &Tokens) -> Result<String, String> {
    let mut root: Map<String, Value> = parse(text)?;
    let config = config_of(&mut root, user).ok_or("the user is not in it any more")?;
    let mut edited = text.to_owned();
    for (key, token) in [(ID_TOKEN, &tokens.id), (REFRESH_TOKEN, &tokens.refresh)] {
        let Some(Secret(new)) = token else { continue };
        let old = config.insert(key.to_owned(), new.clone().into());
        if let Some(old) = old.as_ref().and_then(Value::as_str).filter(|old| !old.is_empty()) {
            edited = edited.replace(old, new);
        }
    }
    // Comments and layout stay, unless the text then means something else.
    match parse::<Map<String, Value>>(&edited) {
        Ok(read) if read == root => Ok(edited),
        _ => Ok(yaml::emit(&Value::Object(root))),
    }
}

/// Finds the `config` of a user's auth provider.
fn config_of<'a>(
    root: &'a mut Map<String, Value>,
    user: &str,
) -> Option<&'a mut Map<String, Value>> {
    let is_it = |named: &&mut Value| {
        serde_json::from_value::<LooseText>(named["name"].clone()).is_ok_and(|name| name.0 == user)
    };
    let named = root.get_mut("users")?.as_array_mut()?.iter_mut().find(is_it)?;
    named.get_mut("user")?.get_mut("auth-provider")?.get_mut("config")?.as_object_mut()
}

/// Replaces a file at once by another one with the same mode and owner.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    // A file that may not be written is not to be replaced either.
    let before = fs::OpenOptions::new().write(true).open(file)?.metadata()?;
    let draft = beside(file, &format!(".{}.new", std::process::id()));
    let written = (|| {
        let mut new =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        new.write_all(text.as_bytes())?;
        let made = new.metadata()?;
        if (made.uid(), made.gid()) != (before.uid(), before.gid()) {
            chown(&draft, Some(before.uid()), Some(before.gid()))?;
        }
        new.set_permissions(fs::Permissions::from_mode(before.mode() & 0o7777))?;
        new.sync_all()?;
        fs::rename(&draft, file)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// The lock on a kubeconfig as client-go has it: a file beside it.
struct Lock(PathBuf);

impl Lock {
    async fn take(file: &Path) -> Result<Self, String> {
        let path = beside(file, ".lock");
        for _ in 0..TRIES {
            match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(_) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(said(error)),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(format!("{} is there: somebody else writes it, or was killed", path.display()))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const CONFIG: &str = "# of the team\nkind: Config\npreferences: {colors: true, x: [1]}\nusers:\n\
        - name: other\n  user: {token: abc}\n\
        - name: u\n  user:\n    auth-provider:\n      name: oidc\n      config:\n        \
        id-token: a.b.c # short-lived\n        refresh-token: 'r1'\n        extra: 7\n";

    fn tokens(id: &str, refresh: &str) -> Tokens {
        let some = |text: &str| Some(Secret(text.to_owned()));
        Tokens { id: some(id), refresh: some(refresh) }
    }

    #[test]
    fn only_the_tokens_change() {
        let expected = CONFIG.replace("a.b.c", "d.e.f").replace("r1", "r2");
        assert_eq!(renewed(CONFIG, "u", &tokens("d.e.f", "r2")).unwrap(), expected);
        // What stands elsewhere too, or not at all, is written anew with the same meaning.
        let twice = CONFIG.replace("token: abc", "token: r1");
        let without = CONFIG.replace("id-token: a.b.c", "other: yes");
        let json =
            r#"{"users": [{"name": "u", "user": {"auth-provider": {"config": {"a": "\/"}}}}]}"#;
        for text in [&*twice, &without, json] {
            let mut expected: Map<String, Value> = parse(text).unwrap();
            let config = config_of(&mut expected, "u").unwrap();
            config.insert("id-token".to_owned(), "d.e.f".into());
            config.insert("refresh-token".to_owned(), "r2".into());
            let written = renewed(text, "u", &tokens("d.e.f", "r2")).unwrap();
            assert_eq!(parse::<Map<String, Value>>(&written).unwrap(), expected, "{written}");
        }
        let error = renewed(CONFIG, "gone", &tokens("d.e.f", "r2")).unwrap_err();
        assert_eq!(error, "the user is not in it any more");
    }

    #[tokio::test]
    async fn a_file_is_replaced_behind_its_link_and_keeps_its_mode() {
        let folder = TempDir::new().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, CONFIG).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        keep_tokens(&link, "u", &tokens("d.e.f", "r2")).await.unwrap();
        assert_eq!(tokens_of(&real, "u"), Some(tokens("d.e.f", "r2")));
        assert_eq!(fs::metadata(&real).unwrap().mode() & 0o7777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no lock and no draft is left");
    }

    #[tokio::test]
    async fn a_pipe_is_not_waited_for() {
        let folder = TempDir::new().unwrap();
        let pipe = folder.path().join("config");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(tokens_of(&pipe, "u"), None);
        let error = keep_tokens(&pipe, "u", &tokens("d.e.f", "r2")).await.unwrap_err();
        assert_eq!(error, "it is no file");
    }

    #[tokio::test]
    async fn a_lock_of_somebody_else_is_respected() {
        let folder = TempDir::new().unwrap();
        let (file, lock) = (folder.path().join("config"), folder.path().join("config.lock"));
        fs::write(&file, CONFIG).unwrap();
        fs::write(&lock, "").unwrap();
        let error = keep_tokens(&file, "u", &tokens("d.e.f", "r2")).await.unwrap_err();
        let lock_is_there = format!("{} is there", lock.display());
        assert!(error.starts_with(&lock_is_there), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), CONFIG);
        assert!(lock.exists(), "it is not ours to remove");
    }
}
