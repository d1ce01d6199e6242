//! Text from a model, a plugin, a package or a file is data: before a person sees it, whatever could steer a terminal or
//! deceive the eye is taken out. The rules stand in the prompts room, which cleans what it sends by the same ones.

pub use certus_prompts::line;

/// The text as a terminal may show it: newlines and tabs stay.
pub fn clean(text: &str) -> String {
    certus_prompts::clean(text).into_owned()
}
