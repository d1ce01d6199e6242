//! Manifests that are programs: Gradle, Bundler, Rake, Mix. Only the lines that people write alike are read.

use super::dependency;
use crate::conventions::source::{Note, lines, quoted};

/// `build.gradle`, `build.gradle.kts`.
pub(super) fn gradle(text: &str, beside: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let gradle = if beside("gradlew") { "./gradlew" } else { "gradle" };
    let mut notes = Vec::new();
    for (at, line) in lines(text) {
        let line = line.trim();
        let word = line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        match word {
            "version" if line.contains('=') || line.starts_with("version '") => {
                notes.extend(quoted(line).map(|version| Note::new("project.version", version, at)));
            }
            "sourceCompatibility" => {
                let version = line.split('=').next_back().unwrap_or_default().trim();
                notes.push(Note::new("runtime.java", format!("Java {}", version.trim_matches(['"', '\''])), at));
            }
            "implementation"
            | "api"
            | "compileOnly"
            | "runtimeOnly"
            | "testImplementation"
            | "kapt"
            | "annotationProcessor" => {
                let Some((name, version)) = quoted(line).map(coordinates) else { continue };
                notes.push(dependency(name, version, at));
            }
            "plugins" | "apply" | "buildscript" if !notes.iter().any(|note: &Note| note.key == "command.test") => {
                notes.push(Note::new("command.test", format!("{gradle} test"), at));
                notes.push(Note::new("command.build", format!("{gradle} build"), at));
            }
            _ => {}
        }
    }
    notes
}

/// `group:artifact:version`, without the group.
fn coordinates(text: &str) -> (&str, &str) {
    let mut parts = text.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (_, Some(artifact), version) => (artifact, version.unwrap_or_default()),
        _ => (text, ""),
    }
}

/// `settings.gradle`.
pub(super) fn gradle_settings(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let name = lines(text).find(|(_, line)| line.trim().starts_with("rootProject.name"));
    let note = name.and_then(|(at, line)| Some(Note::new("project.name", quoted(line)?, at)));
    note.into_iter().collect()
}

/// `Gemfile`.
pub(super) fn gemfile(text: &str, beside: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes = Vec::new();
    for (at, line) in lines(text) {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("ruby ") {
            notes.extend(quoted(rest).map(|version| Note::new("runtime.ruby", format!("Ruby {version}"), at)));
        } else if let Some(rest) = line.strip_prefix("gem ") {
            let Some(name) = quoted(rest) else { continue };
            let after = rest.split_once(',').map_or("", |(_, after)| after.trim());
            let version = if after.starts_with(['"', '\'']) { quoted(after).unwrap_or_default() } else { "" };
            notes.push(dependency(name, version, at));
            match name {
                "rspec" | "rspec-rails" => notes.push(Note::new("command.test", "bundle exec rspec", at)),
                "rubocop" => notes.push(Note::new("command.lint", "bundle exec rubocop", at)),
                "rails" if beside("bin/rails") && !beside(".rspec") => {
                    notes.push(Note::new("command.test", "bin/rails test", at));
                }
                _ => {}
            }
        }
    }
    // rspec, where both are there, is what the project added to Rails.
    notes.sort_by_key(|note| note.value == "bin/rails test");
    notes
}

/// `Rakefile`.
pub(super) fn rakefile(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let is_test = |line: &str| {
        line.contains("TestTask.new") || line.trim().starts_with("task :test") || line.trim().starts_with("task test")
    };
    let task = lines(text).find(|(_, line)| is_test(line));
    task.map(|(at, _)| Note::new("command.test", "bundle exec rake test", at)).into_iter().collect()
}

/// `mix.exs`.
pub(super) fn mix(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes = Vec::new();
    for (at, line) in lines(text) {
        let line = line.trim();
        if let Some(app) = line.strip_prefix("app: :") {
            notes.push(Note::new("project.name", app.trim_end_matches(','), at));
            notes.push(Note::new("command.test", "mix test", at));
            notes.push(Note::new("command.build", "mix compile", at));
        } else if let Some(version) = line.strip_prefix("version: ").and_then(quoted) {
            notes.push(Note::new("project.version", version, at));
        } else if let Some((name, rest)) = line.strip_prefix("{:").and_then(|rest| rest.split_once(',')) {
            notes.push(dependency(name, quoted(rest).unwrap_or_default(), at));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(notes: Vec<Note>) -> Vec<String> {
        notes.into_iter().map(|note| format!("{} {}", note.key, note.value)).collect()
    }

    #[test]
    fn gradle_builds_say_version_and_dependencies() {
        let text = "plugins {\n  id 'java' version '1'\n}\nversion = '0.2'\nsourceCompatibility = '17'\ndependencies {\n  implementation 'g:web:3.1'\n  testImplementation(\"j:junit\")\n}\n";
        assert_eq!(
            said(gradle(text, &|name| name == "gradlew")),
            [
                "command.test ./gradlew test",
                "command.build ./gradlew build",
                "project.version 0.2",
                "runtime.java Java 17",
                "dependency.web web 3.1",
                "dependency.junit junit",
            ]
        );
    }

    #[test]
    fn gemfiles_say_ruby_gems_and_the_runner() {
        let text = "ruby '3.2'\ngem \"rails\", '~> 7.1'\n  gem 'rspec-rails', group: :test\n";
        assert_eq!(
            said(gemfile(text, &|_| true)),
            [
                "runtime.ruby Ruby 3.2",
                "dependency.rails rails ~> 7.1",
                "dependency.rspec-rails rspec-rails",
                "command.test bundle exec rspec"
            ]
        );
    }
}
