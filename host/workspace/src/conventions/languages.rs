//! Languages by extension: files, bytes and lines.

use std::collections::BTreeMap;

use super::{Files, Language};
use crate::path::split;
use crate::read::READ_LIMIT;

/// Most files whose lines are counted.
const MOST_READ: usize = 5_000;
/// Most bytes that are read to count lines.
const READ_BYTES: u64 = 64 * 1024 * 1024;

const EXTENSIONS: &[(&str, &str)] = &[
    ("js", "JavaScript"),
    ("mjs", "JavaScript"),
    ("cjs", "JavaScript"),
    ("jsx", "JavaScript"),
    ("ts", "TypeScript"),
    ("tsx", "TypeScript"),
    ("mts", "TypeScript"),
    ("cts", "TypeScript"),
    ("py", "Python"),
    ("pyi", "Python"),
    ("go", "Go"),
    ("rs", "Rust"),
    ("php", "PHP"),
    ("rb", "Ruby"),
    ("java", "Java"),
    ("kt", "Kotlin"),
    ("kts", "Kotlin"),
    ("scala", "Scala"),
    ("groovy", "Groovy"),
    ("clj", "Clojure"),
    ("cs", "C#"),
    ("fs", "F#"),
    ("vb", "Visual Basic"),
    ("c", "C"),
    ("h", "C"),
    ("cc", "C++"),
    ("cpp", "C++"),
    ("cxx", "C++"),
    ("hpp", "C++"),
    ("hh", "C++"),
    ("swift", "Swift"),
    ("m", "Objective-C"),
    ("dart", "Dart"),
    ("ex", "Elixir"),
    ("exs", "Elixir"),
    ("erl", "Erlang"),
    ("hs", "Haskell"),
    ("lhs", "Haskell"),
    ("ml", "OCaml"),
    ("mli", "OCaml"),
    ("re", "Reason"),
    ("elm", "Elm"),
    ("purs", "PureScript"),
    ("pas", "Pascal"),
    ("pp", "Pascal"),
    ("lpr", "Pascal"),
    ("dpr", "Pascal"),
    ("adb", "Ada"),
    ("ads", "Ada"),
    ("f", "Fortran"),
    ("for", "Fortran"),
    ("f90", "Fortran"),
    ("f95", "Fortran"),
    ("f03", "Fortran"),
    ("f08", "Fortran"),
    ("cob", "COBOL"),
    ("cbl", "COBOL"),
    ("d", "D"),
    ("cr", "Crystal"),
    ("gleam", "Gleam"),
    ("hx", "Haxe"),
    ("v", "V"),
    ("vala", "Vala"),
    ("lisp", "Common Lisp"),
    ("lsp", "Common Lisp"),
    ("scm", "Scheme"),
    ("rkt", "Racket"),
    ("el", "Emacs Lisp"),
    ("cljs", "Clojure"),
    ("cljc", "Clojure"),
    ("hrl", "Erlang"),
    ("fsx", "F#"),
    ("mm", "Objective-C"),
    ("coffee", "CoffeeScript"),
    ("tcl", "Tcl"),
    ("raku", "Raku"),
    ("asm", "Assembly"),
    ("s", "Assembly"),
    ("vhd", "VHDL"),
    ("vhdl", "VHDL"),
    ("sv", "SystemVerilog"),
    ("sol", "Solidity"),
    ("cu", "CUDA"),
    ("lua", "Lua"),
    ("pl", "Perl"),
    ("pm", "Perl"),
    ("t", "Perl"),
    ("r", "R"),
    ("jl", "Julia"),
    ("zig", "Zig"),
    ("nim", "Nim"),
    ("sh", "Shell"),
    ("bash", "Shell"),
    ("ps1", "PowerShell"),
    ("sql", "SQL"),
    ("vue", "Vue"),
    ("svelte", "Svelte"),
    ("html", "HTML"),
    ("css", "CSS"),
    ("scss", "CSS"),
    ("less", "CSS"),
];

/// The language of a path, by its extension.
pub(super) fn of(path: &str) -> Option<&'static str> {
    let (stem, extension) = split(path).1.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    let extension = extension.to_ascii_lowercase();
    EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, language)| *language)
}

/// Languages by bytes, most first, and whether some lines were not counted.
pub(super) fn count(files: &mut Files<'_>) -> (Vec<Language>, bool) {
    let mut counts: BTreeMap<&'static str, (Language, u64)> = BTreeMap::new();
    let (mut partial, mut read, mut bytes) = (false, 0, 0);
    for (path, size) in &files.sizes {
        let Some(name) = of(path) else { continue };
        let none = || (Language { name, files: 0, lines: 0, share: 0 }, 0);
        let (language, total) = counts.entry(name).or_insert_with(none);
        language.files += 1;
        *total += size;
        if *size > READ_LIMIT || read >= MOST_READ || bytes >= READ_BYTES {
            partial = true;
            continue;
        }
        read += 1;
        bytes += size;
        match (files.read)(path) {
            Some(text) => language.lines += text.lines().count() as u64,
            None => partial = true,
        }
    }
    let all: u64 = counts.values().map(|(_, bytes)| bytes).sum();
    let mut languages: Vec<(Language, u64)> = counts.into_values().collect();
    languages.sort_by(|(a, a_bytes), (b, b_bytes)| b_bytes.cmp(a_bytes).then(a.name.cmp(b.name)));
    let share = |bytes: u64| u8::try_from(u128::from(bytes) * 100 / u128::from(all.max(1))).unwrap_or(100);
    let languages = languages.into_iter().map(|(language, bytes)| Language { share: share(bytes), ..language });
    (languages.collect(), partial)
}
