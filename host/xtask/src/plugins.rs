//! Build the guests into packages, and compare with what is committed.
//!
//! The same toolchain gives the same bytes, so those are compared where the recorded toolchain is here, with the checkout and
//! cargo's home at the same paths. Another one gives other bytes; then interfaces and manifests are compared, which is what the host relies on.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use certus_packages::{Digest, Package, encode, validate};
use wit_component::{ComponentEncoder, DecodedWasm, WitPrinter};

use crate::guests::Guest;
use crate::record::{Component, Record};
use crate::toolchain::{Toolchain, target_dir};

/// Build these guests, or all of them, and write them.
pub(crate) fn build(root: &Path, names: &[String]) -> Result<()> {
    let all = Guest::all(root)?;
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|guest| guest.name == **name)) {
        bail!("there is no guest `{unknown}`");
    }
    // A damaged record is written anew.
    let recorded = Record::read(root).ok().flatten();
    let toolchain = Toolchain::find(root, recorded.as_ref().map(|record| &record.toolchain))?;
    let mut components = match recorded {
        Some(record) if !names.is_empty() => {
            ensure!(record.toolchain == toolchain, "another toolchain built the other guests: build all of them");
            record.components
        }
        _ => Vec::new(),
    };
    let wanted: Vec<&Guest> = all.iter().filter(|guest| names.is_empty() || names.contains(&guest.name)).collect();
    for guest in wanted {
        let bytes = package(root, &toolchain, guest)?;
        let path = root.join(&guest.component);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(&path, &bytes).with_context(|| format!("cannot write {}", guest.component))?;
        println!("{} {} bytes", guest.component, bytes.len());
        let component =
            Component { path: guest.component.clone(), sha256: Digest::of(&bytes), sources: guest.sources(root)? };
        components.retain(|other| other.path != component.path);
        components.push(component);
    }
    components.sort_by(|a, b| a.path.cmp(&b.path));
    Record { toolchain, components }.write(root)
}

/// Compare what is committed with what the sources give.
pub(crate) fn check(root: &Path) -> Result<()> {
    const REBUILD: &str = "run `cargo xtask plugins` and commit what it writes";
    let guests = Guest::all(root)?;
    let Some(record) = Record::read(root)? else { bail!("nothing was built yet: {REBUILD}") };
    let mut stale = committed_faults(root, &guests, &record)?;
    if stale.is_empty() {
        let toolchain = Toolchain::find(root, Some(&record.toolchain))?;
        let same = toolchain == record.toolchain;
        if !same {
            println!(
                "recorded: {} ({:?}) at {:.12}",
                record.toolchain.rustc, record.toolchain.kind, record.toolchain.place
            );
            println!("here:     {} ({:?}) at {:.12}", toolchain.rustc, toolchain.kind, toolchain.place);
            println!("comparing interfaces and manifests, not bytes");
        }
        for guest in &guests {
            let built = package(root, &toolchain, guest)?;
            let committed = read(root, guest)?;
            if committed == built {
                continue;
            }
            if same {
                stale.push(format!("{}: the same toolchain gives other bytes", guest.component));
            } else {
                stale.extend(difference(&committed, &built)?.map(|what| format!("{}: {what}", guest.component)));
            }
        }
    }
    if stale.is_empty() {
        println!("{} components are up to date", guests.len());
        return Ok(());
    }
    bail!("stale components\n  {}\n  hint: {REBUILD}", stale.join("\n  "))
}

/// What can be seen without building: missing or foreign files, and sources that changed since.
fn committed_faults(root: &Path, guests: &[Guest], record: &Record) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for guest in guests {
        let path = &guest.component;
        let Some(component) = record.components.iter().find(|component| component.path == *path) else {
            faults.push(format!("{path}: never built"));
            continue;
        };
        match fs::read(root.join(path)) {
            Err(_) => faults.push(format!("{path}: missing")),
            Ok(bytes) if Digest::of(&bytes) != component.sha256 => {
                faults.push(format!("{path}: not the file that was built"));
            }
            Ok(_) if guest.sources(root)? != component.sources => {
                faults.push(format!("{path}: its sources changed since it was built"));
            }
            Ok(_) => {}
        }
    }
    let gone =
        record.components.iter().filter(|component| !guests.iter().any(|guest| guest.component == component.path));
    faults.extend(gone.map(|component| format!("{}: has no sources", component.path)));
    Ok(faults)
}

/// One guest as a package. Each is built by itself, so that its bytes do not depend on what the others need.
fn package(root: &Path, toolchain: &Toolchain, guest: &Guest) -> Result<Vec<u8>> {
    eprintln!("building {} with {}", guest.name, toolchain.rustc);
    toolchain.build(root, &guest.name)?;
    let module = fs::read(target_dir(root).join(guest.module()))?;
    let encode_module = || -> Result<Vec<u8>> {
        let component = ComponentEncoder::default().validate(true).module(&module)?.encode()?;
        let bytes = encode(&component, &guest.manifest(root)?, &guest.prompts(root)?)?;
        validate(&bytes)?;
        Ok(bytes)
    };
    encode_module().with_context(|| guest.folder.clone())
}

fn read(root: &Path, guest: &Guest) -> Result<Vec<u8>> {
    fs::read(root.join(&guest.component)).with_context(|| format!("cannot read {}", guest.component))
}

/// What the host would notice.
fn difference(committed: &[u8], built: &[u8]) -> Result<Option<&'static str>> {
    let (old, new) = (Package::read(committed)?, Package::read(built)?);
    Ok(if old.manifest != new.manifest {
        Some("its manifest differs")
    } else if old.prompts != new.prompts {
        Some("its prompts differ")
    } else if interface(committed)? != interface(built)? {
        Some("its interface differs")
    } else {
        None
    })
}

/// Imports and exports, as WIT.
fn interface(bytes: &[u8]) -> Result<String> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(bytes)? else { bail!("not a component") };
    let package = resolve.worlds[world].package.context("the world has no package")?;
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != package).collect();
    let mut printer = WitPrinter::default();
    printer.print(&resolve, package, &others)?;
    Ok(printer.output.to_string())
}
