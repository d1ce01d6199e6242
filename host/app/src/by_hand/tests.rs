use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use certus_engine::Digest;

use super::*;

struct Place {
    _all: tempfile::TempDir,
    state: PathBuf,
    outside: PathBuf,
}

fn place() -> Place {
    let all = tempfile::tempdir().expect("a folder");
    let (state, outside) = (all.path().join("state"), all.path().join("outside"));
    std::fs::create_dir(&state).expect("a folder");
    std::fs::create_dir(&outside).expect("a folder");
    Place { _all: all, state, outside }
}

/// A clipboard that takes everything.
#[derive(Default)]
struct Board(Mutex<Vec<String>>);

impl Clipboard for Board {
    fn copy(&self, text: &str) -> Result<String, Failure> {
        self.0.lock().expect("a lock").push(text.to_owned());
        Ok("the clipboard".to_owned())
    }

    fn paste(&self) -> Result<String, Failure> {
        Ok(self.0.lock().expect("a lock").last().cloned().unwrap_or_default())
    }
}

fn request(prompt: &str) -> Request {
    Request {
        prompt: prompt.to_owned(),
        stable: "".into(),
        steady: std::sync::Arc::default(),
        variable: "".into(),
        digest: Digest::of(prompt),
        sample: 0,
        attempt: 1,
        tier: certus_providers::Tier::Default,
        arguments: BTreeMap::new(),
        view: Arc::new(certus_engine::Chain::default().view(certus_engine::ChainId(1))),
        max_output_tokens: 100,
        schema: None,
        tokens: None,
        turn: None,
    }
}

#[tokio::test]
async fn the_first_prompt_goes_on_the_clipboard_unless_it_holds_a_key() {
    let place = place();
    let board = Arc::new(Board::default());
    let copied = || board.0.lock().expect("a lock").clone();
    let hand = |copy: &Arc<Board>| ByHand::new(&place.state, None, Some(Arc::<Board>::clone(copy)));
    let (first, second) = (request("first"), request("second"));
    let by_hand = hand(&board);
    assert_eq!(by_hand.reply(&first, "the prompt").await.expect("handed out"), None);
    assert_eq!(by_hand.reply(&second, "another").await.expect("handed out"), None);
    assert_eq!(copied(), ["the prompt"]);
    for request in [&first, &second] {
        assert!(by_hand.how(request).ends_with("--paste; first is on the clipboard"), "{}", by_hand.how(request));
    }
    let document = format!("one\nAKIA{}\n", "ABCD1234".repeat(2));
    let by_hand = hand(&board);
    assert_eq!(by_hand.reply(&first, &document).await.expect("handed out"), None);
    assert_eq!(copied().len(), 1, "a key is not copied");
    assert_eq!(by_hand.reply(&second, "another").await.expect("handed out"), None);
    assert_eq!(copied(), ["the prompt", "another"]);
    let how = by_hand.how(&second);
    assert!(how.contains("first holds what looks like an AWS access key (line 2), so it was not copied"), "{how}");
    assert!(how.ends_with("second is on the clipboard"), "{how}");
}

#[test]
fn what_is_pasted_is_checked_before_anything_runs() {
    let of = |text: &str| {
        let board = Board::default();
        board.copy(text).expect("copied");
        Given::from(&Handover { paste: Some(Arc::new(board)), ..Handover::default() }).map(|given| given.is_some())
    };
    assert!(of("{}").expect("a reply"));
    for wrong in ["", " \n", &"x".repeat(1 + (1 << 20))] {
        assert_eq!(of(wrong).expect_err("no reply").kind, crate::Kind::Usage);
    }
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("a folder").count()
}

#[test]
fn a_link_in_the_place_of_the_folder_is_refused() {
    let place = place();
    let by_hand = ByHand::new(&place.state, None, None);
    assert!(by_hand.open().is_ok() && by_hand.open().is_ok(), "made, and found");
    std::fs::remove_dir(place.state.join(FOLDER)).expect("removed");
    symlink(&place.outside, place.state.join(FOLDER)).expect("a link");
    let error = by_hand.open().expect_err("it is a link");
    assert!(error.message.contains("not a real folder"), "{error}");
    let through = place.outside.join("link");
    symlink(&place.state, &through).expect("a link");
    assert!(ByHand::new(&through, None, None).open().is_err(), "the state directory is no link either");
}

#[test]
fn a_link_that_is_swapped_in_after_the_look_leads_nowhere() {
    let place = place();
    let by_hand = ByHand::new(&place.state, None, None);
    let folder = by_hand.open().expect("it is opened");
    std::fs::rename(place.state.join(FOLDER), place.state.join("moved")).expect("moved");
    symlink(&place.outside, place.state.join(FOLDER)).expect("a link");
    replace(&folder, "p.md", "the prompt").expect("it is written");
    assert_eq!(count(&place.outside), 0);
    assert_eq!(std::fs::read_to_string(place.state.join("moved/p.md")).expect("it is there"), "the prompt");
}

#[test]
fn a_link_in_the_place_of_a_prompt_is_replaced_and_not_written_through() {
    let place = place();
    let folder = ByHand::new(&place.state, None, None).open().expect("it is opened");
    let mine = place.outside.join("mine");
    std::fs::write(&mine, "mine").expect("a file");
    symlink(&mine, place.state.join(FOLDER).join("p.md")).expect("a link");
    replace(&folder, "p.md", "the prompt").expect("it can be replaced");
    assert_eq!(std::fs::read_to_string(&mine).expect("it is there"), "mine");
    let text = std::fs::read_to_string(place.state.join(FOLDER).join("p.md"));
    assert_eq!(text.expect("it is there"), "the prompt");
    assert_eq!(count(&place.state.join(FOLDER)), 1);
}
