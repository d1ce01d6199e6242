//! A tolerant scanner of XML, for `pom.xml` and .NET projects.

use super::dependency;
use crate::conventions::source::Note;

/// Deepest nesting that is followed.
const DEEPEST: usize = 64;

/// An element, at its start tag.
struct Element<'a> {
    /// Names from the outermost element on, with this one.
    path: Vec<&'a str>,
    /// What stands in the start tag after the name.
    attributes: &'a str,
    /// The text up to the next tag.
    text: &'a str,
    at: usize,
}

impl<'a> Element<'a> {
    fn ends_with(&self, path: &[&str]) -> bool {
        self.path.ends_with(path)
    }

    fn is(&self, path: &[&str]) -> bool {
        self.path == path
    }

    fn attribute(&self, name: &str) -> Option<&'a str> {
        let (_, rest) = self.attributes.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value)
    }
}

fn elements(text: &str) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    let mut next = 0;
    while let Some(start) = text[next..].find('<').map(|offset| next + offset) {
        let inner = &text[start + 1..];
        if inner.starts_with("!--") {
            next = inner.find("-->").map_or(text.len(), |end| start + 1 + end + 3);
            continue;
        }
        let Some(end) = inner.find('>') else { break };
        next = start + end + 2;
        let tag = &inner[..end];
        if tag.starts_with('/') {
            path.pop();
        } else if !tag.starts_with(['?', '!']) {
            let closed = tag.ends_with('/');
            let tag = tag.trim_end_matches('/');
            let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            if path.len() >= DEEPEST {
                break;
            }
            path.push(name);
            let content = &text[next..];
            let content = if closed { "" } else { &content[..content.find('<').unwrap_or(content.len())] };
            found.push(Element { path: path.clone(), attributes, text: content.trim(), at: start });
            if closed {
                path.pop();
            }
        }
    }
    found
}

/// `pom.xml`.
pub(super) fn pom(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let mut project = None;
    let mut pending: Option<(&str, usize)> = None;
    for element in elements(text) {
        if element.is(&["project"]) {
            project = Some(element.at);
        } else if element.is(&["project", "artifactId"]) {
            notes.push(Note::new("project.name", element.text, element.at));
        } else if element.is(&["project", "version"]) {
            notes.push(Note::new("project.version", element.text, element.at));
        } else if element.ends_with(&["properties", "java.version"])
            || element.ends_with(&["properties", "maven.compiler.release"])
        {
            notes.push(Note::new("runtime.java", format!("Java {}", element.text), element.at));
        } else if element.is(&["project", "dependencies", "dependency", "artifactId"]) {
            notes.push(dependency(element.text, "", element.at));
            pending = Some((element.text, notes.len() - 1));
        } else if element.is(&["project", "dependencies", "dependency", "version"]) {
            if let Some((name, index)) = pending.take() {
                notes[index] = dependency(name, element.text, notes[index].at);
            }
        } else if element.ends_with(&["dependency"]) {
            pending = None;
        }
    }
    if let Some(at) = project {
        notes.push(Note::new("command.test", "mvn test", at));
        notes.push(Note::new("command.build", "mvn package", at));
    }
    notes
}

/// `*.csproj`, `*.fsproj`.
pub(super) fn csproj(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes = Vec::new();
    for element in elements(text) {
        match element.path.as_slice() {
            ["Project"] => {
                notes.push(Note::new("command.test", "dotnet test", element.at));
                notes.push(Note::new("command.build", "dotnet build", element.at));
            }
            ["Project", "PropertyGroup", "AssemblyName"] => {
                notes.push(Note::new("project.name", element.text, element.at))
            }
            ["Project", "PropertyGroup", "Version"] => {
                notes.push(Note::new("project.version", element.text, element.at))
            }
            ["Project", "PropertyGroup", "TargetFramework" | "TargetFrameworks"] => {
                notes.push(Note::new("runtime.dotnet", element.text, element.at));
            }
            [.., "ItemGroup", "PackageReference"] => {
                let version = element.attribute("Version").unwrap_or_default();
                notes.extend(element.attribute("Include").map(|name| dependency(name, version, element.at)));
            }
            _ => {}
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pom_says_its_own_name_and_not_its_parents() {
        let text = "<?xml version=\"1.0\"?>\n<project>\n<parent><artifactId>p</artifactId><version>9</version></parent>\n<!-- <artifactId>no</artifactId> -->\n<artifactId>shop</artifactId>\n<dependencies><dependency><artifactId>junit</artifactId><version>5</version></dependency>\n<dependency><artifactId>x</artifactId></dependency></dependencies></project>";
        let notes = pom(text, &|_| false);
        let said: Vec<_> = notes.iter().map(|note| (note.key.as_str(), note.value.as_str())).collect();
        assert_eq!(
            said,
            [
                ("project.name", "shop"),
                ("dependency.junit", "junit 5"),
                ("dependency.x", "x"),
                ("command.test", "mvn test"),
                ("command.build", "mvn package")
            ]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_to_its_end(text in "[\\PC\\n<>/!\" -]{0,200}") {
            for note in pom(&text, &|_| false).into_iter().chain(csproj(&text, &|_| false)) {
                prop_assert!(text.is_char_boundary(note.at) && note.at < text.len());
            }
        }
    }
}
