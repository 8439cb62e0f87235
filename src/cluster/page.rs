//! A page of a list, read object by object: of a page of 500, one is a tree at a time.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Deserializer as Json, Value};

use super::trimmed::Part;

/// What a page says beside its objects.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Page {
    /// Its kind; empty where it has none.
    pub(super) kind: String,
    /// Where the next page goes on; empty where this is the last.
    pub(super) next: String,
    /// The resourceVersion of the list.
    pub(super) resource_version: String,
    /// How many objects it has; none where it has no list of them.
    pub(super) items: Option<usize>,
}

/// Reads a page, and gives each object away; `trimmed` without
/// [what no look needs](super::trimmed).
///
/// # Errors
/// Those of the JSON, and what is no page.
pub(super) fn read(
    json: &[u8],
    trimmed: bool,
    take: &mut dyn FnMut(Value),
) -> serde_json::Result<Page> {
    let mut reader = Json::from_slice(json);
    let item = if trimmed { Part::Object } else { Part::Whole };
    let page = PageReader { item, take }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(page)
}

struct PageReader<'t> {
    item: Part,
    take: &'t mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for PageReader<'_> {
    type Value = Page;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PageReader<'_> {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Page, A::Error> {
        let mut page = Page::default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        while let Some(name) = fields.next_key::<String>()? {
            match &*name {
                "kind" => page.kind = text(&fields.next_value()?),
                "metadata" => {
                    let metadata: Value = fields.next_value()?;
                    page.next = text(&metadata["continue"]);
                    page.resource_version = text(&metadata["resourceVersion"]);
                }
                // Twice would be objects of two lists.
                "items" if page.items.is_some() => return Err(A::Error::duplicate_field("items")),
                "items" => {
                    let items = ItemsReader { item: self.item, take: &mut *self.take };
                    page.items = fields.next_value_seed(items)?;
                }
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(page)
    }
}

struct ItemsReader<'t> {
    item: Part,
    take: &'t mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for ItemsReader<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemsReader<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects, or null")
    }

    /// Go writes a list without items in this way.
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut count = 0;
        while let Some(item) = items.next_element_seed(self.item)? {
            count += 1;
            (self.take)(item);
        }
        Ok(Some(count))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_all(json: &str, trimmed: bool) -> serde_json::Result<(Page, Vec<Value>)> {
        let mut items = Vec::new();
        let page = read(json.as_bytes(), trimmed, &mut |item| items.push(item))?;
        Ok((page, items))
    }

    #[test]
    fn objects_are_given_away_one_by_one() {
        let object = |managers: Value| json!({"metadata": {"managedFields": managers}});
        let written = object(json!([{"operation": "Update", "manager": "kubectl"}]));
        let list = json!({
            "items": [written, null], "kind": "PodList", "apiVersion": "v1",
            "metadata": {"continue": "a/b", "resourceVersion": "7", "remainingItemCount": 3},
        });
        let expected = Page {
            kind: "PodList".into(),
            next: "a/b".into(),
            resource_version: "7".into(),
            items: Some(2),
        };
        for (trimmed, first) in [(false, written), (true, object(json!([])))] {
            let (page, items) = read_all(&list.to_string(), trimmed).unwrap();
            assert_eq!((&page, items), (&expected, vec![first, Value::Null]));
        }
        let (page, items) = read_all(r#"{"kind": "PodList", "items": null}"#, true).unwrap();
        assert_eq!((page.items, items.len()), (None, 0));
    }

    #[test]
    fn what_is_no_page_is_none() {
        for text in [
            "",
            "<html>",
            "1",
            "[]",
            "null",
            r#"{"items": 1}"#,
            r#"{"items": {}}"#,
            r#"{"items": [1}"#,
            r#"{"items": [1]} {}"#,
            r#"{"items": [1], "items": [2]}"#,
        ] {
            assert!(read_all(text, true).is_err(), "{text}");
        }
    }
}
