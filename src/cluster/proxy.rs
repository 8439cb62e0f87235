//! Which proxy a cluster is reached through: the kubeconfig's, else the environment's, by the
//! rules of Go's HTTP client, which kubectl has them from.

use std::net::IpAddr;

use http::Uri;

use crate::env::Env;

/// Finds the proxy for a server: the kubeconfig's `proxy-url` always counts, `HTTPS_PROXY` and
/// `HTTP_PROXY` unless `NO_PROXY` or the loopback interface exempts the server.
///
/// # Errors
/// The text that is no usable proxy, and where it came from.
pub(crate) fn proxy_for(
    server: &Uri,
    proxy_url: Option<&str>,
    env: &Env,
) -> Result<Option<Uri>, String> {
    if let Some(text) = proxy_url {
        return parse(text, "proxy-url of the kubeconfig").map(Some);
    }
    let names = match server.scheme_str() {
        Some("https") => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let Some((name, text)) = names.iter().find_map(|name| Some((*name, env.variable(name)?)))
    else {
        return Ok(None);
    };
    let list = env.variable("NO_PROXY").or_else(|| env.variable("no_proxy")).unwrap_or_default();
    if is_exempt(server, list) { Ok(None) } else { parse(text, name).map(Some) }
}

fn parse(text: &str, origin: &str) -> Result<Uri, String> {
    let text = text.trim();
    let absolute = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let problem = |why: &str| format!("{origin} is not a proxy's URL: {why}");
    // the URL may hold a password, so it is not quoted
    let uri: Uri = absolute.parse().map_err(|_| problem("it cannot be parsed"))?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") => {}
        // To Go both words mean that the proxy looks up the name.
        Some("socks5h") => return parse(&absolute.replacen("socks5h", "socks5", 1), origin),
        Some(scheme) => {
            return Err(problem(&format!("its scheme is `{scheme}`, not http, https or socks5")));
        }
        None => return Err(problem("it has no scheme")),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(problem("it has no host"));
    }
    match (uri.scheme_str(), uri.port(), uri.authority()) {
        (Some("socks5"), None, Some(authority)) => format!("socks5://{authority}:1080/")
            .parse()
            .map_err(|_| problem("it cannot be parsed")),
        _ => Ok(uri),
    }
}

/// Splits and decodes the `user:password` of a proxy's URL.
pub(crate) fn user_and_password(login: &str) -> (String, String) {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    (percent_decoded(user), percent_decoded(password))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| char::from(*tail.get(at)?).to_digit(16);
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).expect("two hex digits are a byte"));
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Tells whether a server is reached directly although a proxy is set.
fn is_exempt(server: &Uri, list: &str) -> bool {
    let host = host_of(server);
    let port =
        server.port_u16().unwrap_or(if server.scheme_str() == Some("https") { 443 } else { 80 });
    let address: Option<IpAddr> = host.parse().ok();
    // Go proxies no request to the machine itself, whatever the variables say.
    if is_loopback(server) {
        return true;
    }
    list.split(',')
        .map(|entry| entry.trim().to_ascii_lowercase())
        .any(|entry| matches(&entry, &host, port, address))
}

/// Tells whether a server is on this machine.
pub(crate) fn is_loopback(server: &Uri) -> bool {
    let host = host_of(server);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Gives a URL's host in lower case, an IPv6 address without its brackets.
fn host_of(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

fn matches(entry: &str, host: &str, port: u16, address: Option<IpAddr>) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/')
        && let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>())
    {
        return address.is_some_and(|address| contains(network, bits, address));
    }
    let (name, wanted_port) = split_port(entry);
    let port_fits = wanted_port.is_none_or(|wanted| wanted.parse() == Ok(port));
    if let Ok(wanted) = name.parse::<IpAddr>() {
        return port_fits && address == Some(wanted);
    }
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    // To Go `.x` means the hosts below x, and `x` also x itself.
    let fits = match name.strip_prefix('.') {
        Some("") => false,
        Some(_) => host.ends_with(name),
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    };
    !name.is_empty() && port_fits && fits
}

fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.strip_prefix(':'));
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (entry, None),
    }
}

fn contains(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (u128::from(network.to_bits()), u128::from(address.to_bits()), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    // A network of no bits holds every address: shifting by the whole width gives nothing.
    bits <= width && (network ^ address).checked_shr(width - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn direct(server: &str, no_proxy: &str) -> bool {
        let env = Env::for_test(
            &[
                ("HTTPS_PROXY", "http://proxy:3128"),
                ("http_proxy", "proxy:80"),
                ("NO_PROXY", no_proxy),
            ],
            Path::new("/"),
        );
        proxy_for(&server.parse().unwrap(), None, &env).unwrap().is_none()
    }

    #[test]
    fn no_proxy_is_about_the_cluster_and_not_about_the_proxy() {
        for (server, list, expected) in [
            ("https://cluster.example:6443", "", false),
            ("https://cluster.example:6443", "proxy", false),
            ("https://cluster.example:6443", "cluster.example", true),
            ("https://cluster.example:6443", "Cluster.Example ", true),
            ("https://cluster.example:6443", "example", true),
            ("https://cluster.example", ".example", true),
            ("https://example", ".example", false),
            ("https://example", "*.example", false),
            ("https://a.example", "*.example", true),
            ("https://anexample", "example", false),
            ("https://cluster.example:6443", "cluster.example:6443", true),
            ("https://cluster.example:6443", "cluster.example:443", false),
            ("https://cluster.example", "cluster.example:443", true),
            ("https://cluster.example", "other, ,*", true),
            ("https://cluster.example", ".", false),
            ("https://10.1.2.3:6443", "10.1.0.0/16", true),
            ("https://10.2.2.3:6443", "10.1.0.0/16", false),
            ("https://10.2.2.3", "0.0.0.0/0", true),
            ("https://10.2.2.3", "10.2.2.3/33", false),
            ("https://10.2.2.3", "10.2.2.3", true),
            ("https://10.2.2.3:6443", "10.2.2.3:6443", true),
            ("https://10.2.2.3:6443", "10.2.2.3:1", false),
            ("https://[fd00::1]:6443", "fd00::/8", true),
            ("https://[fd00::1]:6443", "[fd00::1]:6443", true),
            ("https://[fd00::1]:6443", "fd00::1", true),
            ("https://[fe00::1]:6443", "fd00::/16,10.0.0.0/8", false),
            ("https://127.0.0.1:6443", "", true),
            ("https://127.9.9.9:6443", "", true),
            ("https://localhost", "", true),
            ("https://[::1]:6443", "", true),
            ("http://127.0.0.1:8001", "", true),
            ("http://cluster.example", "", false),
        ] {
            assert_eq!(direct(server, list), expected, "{server} NO_PROXY={list}");
        }
    }

    #[test]
    fn the_kubeconfig_and_then_the_environment_name_the_proxy() {
        let both =
            [("https_proxy", "proxy:3128"), ("HTTP_PROXY", "http://other"), ("NO_PROXY", "*")];
        let server: Uri = "https://10.0.0.1:6443".parse().unwrap();
        for (variables, proxy_url, expected) in [
            (&both[..2], None, Some("http://proxy:3128/")),
            (&both[..], None, None),
            (&both[..], Some("socks5://p:1080"), Some("socks5://p:1080/")),
            (&both[..], Some("socks5h://u@p:1080"), Some("socks5://u@p:1080/")),
            (&both[..], Some("socks5://p"), Some("socks5://p:1080/")),
            (&both[1..2], None, None),
            (&[("HTTPS_PROXY", "")][..], None, None),
        ] {
            let env = Env::for_test(variables, Path::new("/"));
            let found = proxy_for(&server, proxy_url, &env).unwrap().map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{variables:?} {proxy_url:?}");
        }
        let env = Env::for_test(&[("HTTPS_PROXY", "ftp://u:secret@x")], Path::new("/"));
        assert_eq!(
            proxy_for(&server, None, &env).unwrap_err(),
            "HTTPS_PROXY is not a proxy's URL: its scheme is `ftp`, not http, https or socks5"
        );
    }

    #[test]
    fn a_proxys_password_is_decoded() {
        for (login, user, password) in [
            ("u:pa%40ss%3Aword", "u", "pa@ss:word"),
            ("u", "u", ""),
            ("u:a:b%", "u", "a:b%"),
            ("u:%+A%zz%4", "u", "%+A%zz%4"),
        ] {
            assert_eq!(user_and_password(login), (user.to_owned(), password.to_owned()), "{login}");
        }
    }
}
