use super::*;
use crate::port::tests::request;

struct Pastes(Result<Option<Vec<u8>>, SourceError>);

#[async_trait]
impl ReplySource for Pastes {
    async fn reply(&self, _: &Request, _: &str) -> Result<Option<Vec<u8>>, SourceError> {
        self.0.clone()
    }

    fn how(&self, request: &Request) -> String {
        format!("write it to {}.reply", request.prompt)
    }
}

async fn pasting(result: Result<Option<Vec<u8>>, SourceError>) -> Result<String, ProviderError> {
    Manual::new(Arc::new(Pastes(result))).answer(request("new_case"), &()).await.map(|answer| answer.text)
}

fn long() -> Request {
    Request {
        stable: "How you work here. ".repeat(60).into(),
        steady: std::sync::Arc::default(),
        variable: "The goal is to add login.".into(),
        ..request("new_case")
    }
}

#[test]
fn the_document_says_all_by_itself() {
    let request = Request { stable: "STABLE\n".into(), variable: "VARIABLE".into(), ..request("new_case") };
    insta::assert_snapshot!(prompt_document(&request), @r#"
    STABLE

    VARIABLE

    # How to answer

    This is the prompt `new_case`, request f8285ac4471e. Answer with one JSON object of the form described above, in one fenced `json` block, and with nothing else. Leave out every part that has nothing in it. You have no tools: use only what stands here.
    "#);
}

#[tokio::test]
async fn a_reply_is_taken_as_it_is() {
    assert_eq!(pasting(Ok(Some("\u{feff} {\"notes\":\"✓\"}\r\n".into()))).await, Ok("{\"notes\":\"✓\"}".to_owned()));
}

#[tokio::test]
async fn without_a_reply_it_waits_and_says_how() {
    let waiting = ProviderError::Waiting { how: "write it to new_case.reply".to_owned() };
    assert_eq!(pasting(Ok(None)).await, Err(waiting));
    let failed = SourceError { message: "the disk is full".to_owned(), hint: String::new() };
    assert!(matches!(pasting(Err(failed)).await, Err(ProviderError::Unavailable { .. })));
}

#[tokio::test]
async fn what_goes_wrong_when_people_paste_is_said() {
    let mut said = Vec::new();
    for pasted in
        [b" \n".to_vec(), vec![b'a'; MAX_PASTED + 1], vec![b'{', 0xff], prompt_document(&request("new_case")).into()]
    {
        said.push(pasting(Ok(Some(pasted))).await.expect_err("no reply").to_string());
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    the reply to `new_case`: nothing was pasted; paste the whole reply of the chat
    the reply to `new_case`: 1048577 bytes were pasted; a reply has at most 1048576; paste the last reply only, not the whole conversation
    the reply to `new_case`: what was pasted is not UTF-8 text (byte 1); save the reply as UTF-8 text
    the reply to `new_case`: what was pasted is the prompt itself, not a reply to it; send the prompt in a chat window, then paste what the chat answers
    "#);
}

#[test]
fn the_prompt_is_known_whatever_became_of_its_white_space() {
    let document = prompt_document(&long());
    let squeezed = document.replace('\n', " ");
    assert_eq!(check_pasted(&document, squeezed.as_bytes()), Err(PasteError::PromptItself));
    let half = &document[..600];
    assert_eq!(check_pasted(&document, half.as_bytes()), Err(PasteError::PromptItself));
    let answered = format!("{document}\n{{\"notes\":\"done\"}}");
    assert_eq!(check_pasted(&document, answered.as_bytes()), Ok(answered.trim().to_owned()));
    assert!(check_pasted(&document, b"The goal is to add login.").is_ok());
}
