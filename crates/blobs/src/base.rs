//! Base addresses of gateways.

use std::{fmt, str::FromStr};

use salus_primitives::{blobs::MAX_LOCATION, Digest};
use url::Url;

/// Base address of a gateway: `http` or `https`, host, port, perhaps a path, at most
/// [`MAX_LOCATION`] bytes. Two of them are equal where requests go to the same place; `Display`
/// writes the one form that request tokens are bound to, which has no slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Base(Url);

/// Why a text is no base address, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidBase(String);

impl FromStr for Base {
    type Err = InvalidBase;

    fn from_str(text: &str) -> Result<Self, InvalidBase> {
        let mut url = http_url(text).map_err(InvalidBase)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidBase("a gateway's address has no query".into()));
        }
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        let base = Self(url);
        if base.to_string().len() > MAX_LOCATION as usize {
            return Err(InvalidBase("longer than the chain keeps".into()));
        }
        Ok(base)
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl Base {
    /// Where `GET` answers what the gateway is.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// Where messages of a training are taken.
    pub(crate) fn training(&self, training: u64) -> Url {
        let mut url = self.0.clone();
        let path = format!("{}train/{training}", url.path());
        url.set_path(&path);
        url
    }

    /// Where a blob lies.
    pub(crate) fn blob(&self, digest: &Digest) -> Url {
        let mut url = self.0.clone();
        let path = format!("{}blobs/{}", url.path(), hex::encode(digest.as_bytes()));
        url.set_path(&path);
        url
    }
}

/// An absolute http or https URL without user and password.
pub(crate) fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the scheme {} is not http or https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user and password in a URL are not taken".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_one_place() {
        for (text, form) in [
            ("http://h:1", "http://h:1"),
            ("http://h:1/", "http://h:1"),
            ("HTTP://H:1/g//", "http://h:1/g"),
            ("https://h:443/g", "https://h/g"),
            ("http://127.1:80", "http://127.0.0.1"),
            ("http://[::0001]:8400", "http://[::1]:8400"),
        ] {
            let base: Base = text.parse().unwrap();
            assert_eq!(base.to_string(), form);
            assert_eq!(form.parse::<Base>().unwrap(), base);
            assert_eq!(
                base.blob(&Digest::repeat_byte(0xab)).as_str(),
                format!("{form}/blobs/{}", "ab".repeat(32))
            );
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "file:///etc/passwd",
            "ftp://host/",
            "/blobs",
            "host:80",
            "http://user:pw@host/",
            "http://host/?q",
            "http://host/#f",
            &format!("http://{}", "x".repeat(512)),
        ] {
            assert!(bad.parse::<Base>().is_err(), "{bad}");
        }
    }
}
