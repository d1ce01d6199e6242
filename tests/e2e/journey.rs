//! The main journey: from a goal to a solution, with and without answers, piped, approved, rejected.

use serde_json::Value;

use crate::support::World;

const GOAL: &str = "Add JWT authentication to the shop";

fn flow(world: &World) -> (Option<i32>, Value) {
    world.json(&["flow", GOAL, "--answers", "answers.toml", "--until", "solution-approval"])
}

/// Sentences of a solution: headings, list markers and empty lines aside.
fn sentences(body: &str) -> Vec<String> {
    let prose = body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    prose
        .map(|line| {
            line.trim_start_matches(['-', '*', '>', ' '])
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                .trim()
        })
        .flat_map(split)
        .collect()
}

/// A sentence ends with a full stop behind its citations; a stop inside a code span or a file name does not end it.
fn split(line: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut current = String::new();
    let mut code = false;
    let chars: Vec<char> = line.chars().collect();
    for (index, &c) in chars.iter().enumerate() {
        current.push(c);
        code ^= c == '`';
        let ends = c == '.' && !code && chars.get(index + 1).is_none_or(|next| next.is_whitespace());
        let new = chars.get(index + 2).is_none_or(|next| next.is_uppercase() || *next == '`');
        if ends && new {
            sentences.push(std::mem::take(&mut current).trim().to_owned());
        }
    }
    if !current.trim().is_empty() {
        sentences.push(current.trim().to_owned());
    }
    sentences
}

fn cited(sentence: &str, report: &Value) -> bool {
    let ids = |list: &str, key: &str| -> Vec<String> {
        let list = report[list].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|item| Some(format!("[{}]", item[key].as_str()?))).collect()
    };
    ids("facts", "id").iter().chain(&ids("answers", "cite")).any(|cite| {
        let bare = cite.trim_matches(['[', ']']);
        sentence.contains(cite.as_str())
            || sentence.contains(&format!("[{bare},"))
            || sentence.contains(&format!(", {bare}]"))
            || sentence.contains(&format!(", {bare},"))
    })
}

#[test]
fn the_readme_run_ends_with_a_solution_that_cites() {
    let world = World::with("express-shop");
    let (status, report) = flow(&world);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(report["phase"], "solution-approval");
    let cited_facts: Vec<&Value> =
        report["facts"].as_array().expect("facts").iter().filter(|fact| fact["cited"] == true).collect();
    let files: std::collections::BTreeSet<&str> =
        cited_facts.iter().filter_map(|fact| fact["source"]["file"].as_str()).collect();
    assert!(cited_facts.len() >= 10 && files.len() >= 5, "{} facts, files {files:?}", cited_facts.len());
    let body = report["solution"]["body"].as_str().expect("a solution");
    let sentences = sentences(body);
    assert!(sentences.len() >= 8, "{body}");
    for sentence in sentences {
        assert!(cited(&sentence, &report), "cites nothing: {sentence}\n\n{body}");
    }
}

#[test]
fn every_cited_fact_stands_where_it_says() {
    let world = World::with("express-shop");
    let (_, report) = flow(&world);
    for fact in report["facts"].as_array().expect("facts").iter().filter(|fact| fact["cited"] == true) {
        let source = &fact["source"];
        let text = std::fs::read_to_string(world.project.join(source["file"].as_str().expect("a file")))
            .expect("the file is there");
        let line = text.lines().nth(source["line"].as_u64().expect("a line") as usize - 1).unwrap_or_default();
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let quote = squeeze(source["quote"].as_str().expect("a quote").lines().next().unwrap_or_default());
        assert!(squeeze(line).contains(&quote), "{fact:#}\n{line}");
    }
}

#[test]
fn piped_it_prints_the_questions_and_the_command_that_answers_them() {
    let world = World::with("express-shop");
    let (status, report) = world.json(&["flow", GOAL]);
    assert_eq!(status, Some(3), "{report:#}");
    let questions = report["questions"].as_array().expect("questions").clone();
    assert!(questions.len() >= 3, "{report:#}");
    let next = report["next"].as_str().expect("a next command line");
    assert!(next.starts_with("certus answer "), "{next}");
    // The very command line works, and the others are still open.
    let words = shlex::split(next).expect("a command line");
    let arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let (status, report) = world.json(&arguments);
    assert_eq!(status, Some(3));
    assert_eq!(report["questions"].as_array().expect("questions").len(), questions.len() - 1);
    // Answering the rest goes on from there.
    let (status, report) = world.json(&["answer", "--recommended", "--until", "solution-approval"]);
    assert_eq!(status, Some(0), "{report:#}");
    assert!(report["solution"]["body"].is_string());
}

#[test]
fn every_answer_is_recorded_whichever_question_comes_first() {
    let world = World::with("express-shop");
    let (_, report) = world.json(&["flow", GOAL]);
    let ids = |report: &Value, list: &str, key: &str| -> Vec<String> {
        let list = report[list].as_array().expect("a list").iter();
        list.map(|item| item[key].as_str().expect("an id").to_owned()).collect()
    };
    let open = ids(&report, "questions", "id");
    let (first, last) = (open.first().expect("a question"), open.last().expect("a question"));
    // Already in the phase that it is to stop in, and with the first question still open.
    let (status, report) = world.json(&["answer", last, "As we said", "--until", "requirements-clarification"]);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(ids(&report, "answers", "question"), std::slice::from_ref(last));
    let history = |world: &World| world.run(&["show", "--history"]).ok().stdout;
    assert!(history(&world).contains("Answered by tester: As we said"), "{}", history(&world));
    world.write("gap.toml", format!("[answers]\n{} = \"In the middle\"\n", open[1]));
    let (status, report) = world.json(&["answer", "--file", "gap.toml"]);
    assert_eq!(status, Some(3), "{report:#}");
    assert!(ids(&report, "answers", "question").contains(&open[1]), "{report:#}");
    assert!(history(&world).contains("Answered by answers file: In the middle"), "{}", history(&world));
    assert!(ids(&report, "questions", "id").contains(first), "{report:#}");
    assert_eq!(ids(&report, "questions", "id").len(), open.len() - 2);
}

#[test]
fn an_answer_that_is_none_is_refused() {
    let world = World::with("express-shop");
    let (_, report) = world.json(&["flow", GOAL]);
    let mut questions = report["questions"].as_array().expect("questions").iter();
    let question = questions.find(|question| question["recommended"].is_string()).expect("one with options");
    let id = question["id"].as_str().expect("an id");
    let _ =
        world.run(&["answer", id, "99"]).exits(2).says(&format!("`{id}` has no option 99")).says("options, by number");
    world.write("wrong.toml", format!("[answers]\n{id} = \"99\"\n"));
    let _ = world.run(&["answer", "--file", "wrong.toml"]).exits(2).says("has no option 99");
    let (_, report) = world.json(&["show"]);
    assert_eq!(report["answers"], serde_json::json!([]));
    // An empty text may be a variable that a script forgot to set.
    let _ = world.run(&["answer", id, ""]).exits(2).says("is empty").says("certus answer --recommended");
    let (_, report) = world.json(&["show"]);
    assert_eq!(report["answers"], serde_json::json!([]));
}

#[test]
fn a_reply_that_nothing_waits_for_is_not_swallowed() {
    let world = World::with("express-shop");
    let _ = world.run(&["flow", GOAL]).exits(3);
    let reply = world.home().join("reply.txt");
    std::fs::write(&reply, "{}").expect("it can be written");
    let reply = reply.to_str().expect("a path");
    let _ = world
        .run(&["flow", "--continue", "--provider", "manual", "--reply", reply])
        .exits(3)
        .says("the reply was not used");
}

#[test]
fn approval_moves_on_until_a_model_is_needed() {
    let world = World::with("express-shop");
    flow(&world);
    let (status, report) = world.json(&["approve"]);
    assert_eq!(status, Some(6), "{report:#}");
    assert_eq!(report["phase"], "implementation");
    assert_eq!(report["solution"]["verdict"], "approved");
    assert!(report["reason"].as_str().expect("a reason").contains("needs a model"), "{report:#}");
    assert!(report["next"].as_str().expect("next").contains("--provider manual"));
    // The run that waits for a model is counted nowhere.
    let runs = |arguments: &[&str]| world.json(arguments).1["prompt_runs"].as_u64().expect("a count");
    assert_eq!(world.json(&["status"]).1["status"], "paused");
    assert_eq!(runs(&["chain-cost"]), runs(&["cost-report", "--days", "4000000"]));
}

#[test]
fn a_rejection_loops_back_and_its_reason_is_seen() {
    let world = World::with("express-shop");
    flow(&world);
    let why = "Tokens must live in MongoDB, we run no Redis";
    let (status, report) = world.json(&["reject", "--why", why]);
    assert_eq!(status, Some(6), "{report:#}");
    assert_eq!(report["phase"], "requirements-clarification");
    assert_eq!(report["solution"]["why"], why);
    // The prompts that run next, answered by hand, carry the reason.
    let _ = world.run(&["flow", "--continue", "--provider", "manual"]).exits(3);
    let folder = world.project.join(".certus/manual");
    let prompts: Vec<String> = std::fs::read_dir(folder)
        .expect("prompts were written")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a prompt"))
        .collect();
    assert!(!prompts.is_empty() && prompts.iter().all(|prompt| prompt.contains(why)), "{prompts:#?}");
    let context = world.context();
    assert!(context["approval_history"].to_string().contains(why));
}

#[test]
fn a_command_that_cannot_run_yet_says_what_is_waited_for() {
    let world = World::with("express-shop");
    let (_, report) = world.json(&["flow", GOAL]);
    let ran = world.run(&["run", "/uncertainty-check"]).exits(3);
    for question in report["questions"].as_array().expect("questions") {
        let id = question["id"].as_str().expect("an id");
        assert!(ran.stderr.contains(&format!("`{id}`")), "{id} is not named:\n{}", ran.stderr);
    }
    // The very command line that it names works.
    let next = report["next"].as_str().expect("a next command line");
    let ran = ran.says(&format!("hint: {next}"));
    let words = shlex::split(next).expect("a command line");
    let _ = world.run(&words.iter().skip(1).map(String::as_str).collect::<Vec<_>>()).exits(3);
    let _ = world.run(&["answer", "--recommended"]).exits(3);
    let _ =
        world.run(&["run", "/uncertainty-check"]).exits(3).says("your verdict on").says("certus approve --chain 001");
    drop(ran);
}

#[test]
fn nonsense_gets_nowhere_on_recommended_answers() {
    for goal in ["asdf qwer zxcv", "Rewrite everything in Rust and delete the database"] {
        let world = World::with("express-shop");
        let (status, report) = world.json(&["flow", goal, "--recommended"]);
        assert_eq!((status, &report["phase"]), (Some(3), &Value::from("requirements-clarification")), "{report:#}");
        assert!(report["confidence"]["overall"].as_f64().expect("a number") < 0.8, "{report:#}");
        assert!(report["questions"][0]["recommended"].is_null(), "{report:#}");
    }
}

#[test]
fn an_empty_folder_is_no_dead_end() {
    let world = World::empty();
    let arguments = ["flow", "Build a URL shortener", "--recommended", "--until", "solution-approval"];
    let (status, report) = world.json(&arguments);
    assert_eq!(status, Some(0), "{report:#}");
}

#[test]
fn whoever_gives_up_says_what_is_missing_and_a_corrected_answer_brings_it() {
    let world = World::empty();
    // Nothing is there that could be recommended, so a person is asked.
    let _ = world
        .run(&["flow", "Refactor the user module", "--recommended"])
        .exits(3)
        .shows("Question [where-in-the-code]");
    let ran = world.run(&["answer", "where-in-the-code", "no idea", "--recommended"]).exits(4);
    let ran =
        ran.shows("missing for 0.80: an answer to where-in-the-code in words that say it").shows("--provider manual");
    assert!(ran.stdout.contains("(certus answer --chain 001 where-in-the-code \"your answer\")"), "{}", ran.stdout);
    let new = "In src/people.js, which will hold it";
    let _ = world.run(&["answer", "where-in-the-code", new, "--recommended", "--until", "solution-approval"]).ok();
}

#[test]
fn a_corrected_answer_undoes_what_was_made_of_it() {
    let world = World::with("express-shop");
    flow(&world);
    let (_, approved) = world.json(&["approve"]);
    assert_eq!(approved["solution"]["verdict"], "approved");
    let new = "Only the Authorization header, cookies are not allowed";
    let ran = world.run(&["answer", "token-transport", new, "--recommended", "--until", "solution-approval"]).ok();
    let _ = ran.says("No longer approved:").says("the answer to token-transport was corrected");
    let (_, report) = world.json(&["show"]);
    assert_eq!(report["phase"], "solution-approval", "{report:#}");
    assert_eq!(report["solution"]["verdict"], Value::Null);
    let body = report["solution"]["body"].as_str().expect("a solution");
    assert!(body.contains(new) && body != approved["solution"]["body"], "{body}");
    // Both answers stay in the history, and the first approval with them.
    let history = world.run(&["show", "--history"]).ok().stdout;
    for text in
        ["an httpOnly cookie for the browser", new, "Approved by tester", "requirements-clarification (visit 2)"]
    {
        assert!(history.contains(text), "{text}\n{history}");
    }
    // It was asked once, and is corrected by another answer only.
    let _ = world.run(&["answer", "token-transport", new]).exits(2).says("was answered just so before");
    let _ = world.run(&["answer", "token-colour", "red"]).exits(2).says("answered, to be corrected: ");
}

#[test]
fn more_information_answers_and_asks_again() {
    let world = World::with("express-shop");
    flow(&world);
    let (status, report) = world.json(&["more-info", "Which routes need a session today?"]);
    assert!(matches!(status, Some(3 | 6)), "{report:#}");
    let said = report["said"].as_array().expect("what was said");
    assert!(said.iter().any(|text| text.as_str().is_some_and(|text| text.contains("session"))), "{report:#}");
    let (_, report) = world.json(&["show"]);
    assert_eq!(report["phase"], "solution-approval");
}

#[test]
fn a_chain_that_was_recorded_replays() {
    let world = World::with("express-shop");
    flow(&world);
    let recording = world.run(&["show", "--exchanges"]).ok().stdout;
    assert!(recording.lines().count() >= 5);
    let other = World::with("express-shop");
    // Outside of the project: a file more in it is another project.
    let file = other.home().join("recording.jsonl");
    std::fs::write(&file, &recording).expect("the recording can be written");
    let provider = format!("replay:{}", file.display());
    let (status, report) = other.json(&[
        "flow",
        GOAL,
        "--answers",
        "answers.toml",
        "--until",
        "solution-approval",
        "--provider",
        &provider,
    ]);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(report["solution"]["body"], world.json(&["show"]).1["solution"]["body"]);
}

#[test]
fn a_whole_feature_takes_three_commands() {
    let world = World::with("express-shop");
    let _ = world.run(&["flow", GOAL]).exits(3);
    let _ = world.run(&["answer", "--recommended"]).exits(3);
    let _ = world.run(&["approve"]).exits(6).says("needs a model");
}

#[test]
fn where_there_are_no_edits_it_is_said_what_to_do() {
    let world = World::with("express-shop");
    flow(&world);
    for command in ["diff", "undo"] {
        let _ = world.run(&[command]).exits(1).says("edits come once its solution is approved");
        let ran = world.run(&[command, "D7"]).exits(2);
        let _ = ran.says("chain 001 has no draft D7").says("edits come once its solution is approved");
    }
    let _ = world.run(&["reject", "--help"]).ok().shows("after edits or a command it stays");
}

#[test]
fn what_is_recommended_where_nothing_was_found_leads_on() {
    let world = World::with("express-shop");
    let goal = "Refactor the warehouse module";
    let ran = world.run(&["flow", goal, "--recommended", "--until", "solution-approval"]);
    let _ = ran.ok().shows("Refactor the warehouse module");
}

#[test]
fn a_prompt_that_holds_a_key_is_pointed_out_and_no_clipboard_is_no_end() {
    let world = World::with("express-shop");
    let key = format!("AKIA{}", "ABCD1234".repeat(2));
    let goal = format!("Rotate the key {key} that the webhooks use");
    let ran = world.run(&["flow", &goal, "--provider", "manual", "--copy-prompt"]).exits(3);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("looks like an AWS access key") && said.contains("so it was not copied"), "{said}");
    // Neither a desktop nor a terminal: the file is there all the same.
    let ran = world.run(&["flow", GOAL, "--provider", "manual", "--copy-prompt"]).exits(3);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("was not copied: there is neither a desktop nor a terminal"), "{said}");
    let prompts = std::fs::read_dir(world.project.join(".certus/manual")).expect("prompts").count();
    assert!(prompts >= 2, "{prompts}");
    let _ = world
        .run(&["flow", "--continue", "--provider", "manual", "--paste"])
        .exits(2)
        .says("the clipboard cannot be read")
        .says("--reply FILE");
    let _ = world.run(&["flow", GOAL, "--copy-prompt"]).exits(2).says("add: --provider manual");
}

/// Where an answer that decides nothing keeps the gate shut, what goes on is another answer, and it does.
#[test]
fn an_answer_that_decides_nothing_is_asked_for_again() {
    let world = World::with("express-shop");
    world.write("answers.toml", "recommended = true\n[answers]\nsession-migration = \"I don't know\"\n");
    let goal = ["flow", "Add JWT authentication to the shop", "--answers", "answers.toml"];
    let (status, report) = world.json(&[&goal[..], &["--until", "solution-approval"]].concat());
    assert_eq!((status, &report["status"]), (Some(4), &"given-up".into()), "{report}");
    assert_eq!(report["undecided"][0]["id"], "session-migration", "{}", report["undecided"]);
    let next = report["next"].as_str().expect("something goes on");
    assert!(next.starts_with("certus answer --chain 001 session-migration "), "{next}");
    // The rules have nothing more to ask; the person has more to say.
    let ran = world.run(&["flow", "--continue"]).exits(6).shows(&format!("Next: {next}"));
    let _ = ran.shows("Question [session-migration] was answered “I don't know”, which leaves it open");
    let words = shlex::split(next).expect("it is a command line");
    let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let (_, report) = world.json(&words);
    assert_ne!(report["status"], "given-up", "{report}");
    assert_eq!(report["undecided"], serde_json::json!([]));
}

/// A number that no option has is found when the question is asked: the chain that asks is named, and how to go on with it.
#[test]
fn a_wrong_number_in_a_file_of_answers_names_the_chain_that_was_begun() {
    let world = World::with("express-shop");
    world.write("answers.toml", "recommended = true\n[answers]\nsession-migration = \"9\"\n");
    let goal = "Add JWT authentication to the shop";
    let ran = world.run(&["flow", goal, "--answers", "answers.toml"]).exits(2).says("has no option 9");
    let _ = ran.says("chain 001 was begun").says("certus flow --continue --chain 001 --answers FILE");
    world.write("answers.toml", "recommended = true\n[answers]\nsession-migration = \"1\"\n");
    let on = ["flow", "--continue", "--chain", "001", "--answers", "answers.toml", "--until", "solution-approval"];
    let _ = world.run(&on).ok();
    // What is no file of answers at all is told before anything is begun.
    world.write("answers.toml", "[answers\n");
    let _ = world.run(&["flow", goal, "--answers", "answers.toml"]).exits(2);
    assert_eq!(world.json(&["list"]).1["total"], 1);
}

/// What `manual` waits for is said by its files, not only in prose, and stays said.
#[test]
fn a_machine_reads_which_file_is_to_be_filled() {
    let world = World::with("express-shop");
    let goal = ["flow", "Add JWT authentication to the shop", "--provider", "manual"];
    let (status, report) = world.json(&goal);
    assert_eq!(status, Some(3), "{report}");
    let waits = &report["waits_for"][0];
    let file = waits["file"].as_str().expect("a prompt waits");
    let prompt = std::fs::read_to_string(world.project.join(file)).expect("it is there");
    assert!(prompt.contains(waits["prompt"].as_str().expect("it has a name")));
    assert_eq!(world.json(&["show"]).1["waits_for"], report["waits_for"]);
    let reply = world.project.join(waits["reply"].as_str().expect("the reply has a place"));
    std::fs::write(reply, "{\"notes\": \"read\", \"confidence\": {\"requirements\": 0.1}}").expect("it can be saved");
    let (_, after) = world.json(&["flow", "--continue"]);
    assert_ne!(after["waits_for"][0]["file"], waits["file"], "{after}");
}

#[test]
fn a_prompt_is_shown_with_what_its_front_matter_says() {
    let world = World::empty();
    let ran =
        world.run(&["prompt", "show", "requirement_disambiguator"]).ok().shows("phases: requirements-clarification");
    let (_, prompt) = world.json(&["prompt", "show", "requirement_disambiguator"]);
    assert!(ran.stdout.contains(prompt["purpose"].as_str().expect("it has one")), "{}", ran.stdout);
    for key in ["good_for", "uncertainty_reduction", "phases", "arguments", "cost_estimate", "model", "variant"] {
        assert!(prompt.get(key).is_some(), "{key}: {prompt}");
    }
}

/// That a stack is there is read somewhere too.
#[test]
fn the_stack_is_cited_where_its_manifest_says_it() {
    let world = World::with("express-shop");
    let _ = world.run(&["flow", "Add JWT authentication to the shop"]);
    let (_, report) = world.json(&["show"]);
    let stack = &report["facts"][0];
    assert_eq!((&stack["key"], &stack["cited"]), (&"stack".into(), &true.into()), "{stack}");
    assert_eq!(stack["source"]["file"], "package.json", "{stack}");
    let manifest = std::fs::read_to_string(world.project.join("package.json")).expect("it is there");
    let line = stack["source"]["line"].as_u64().and_then(|line| usize::try_from(line).ok()).expect("a line");
    assert!(manifest.lines().nth(line - 1).is_some_and(|line| line.contains("\"express\"")), "{stack}");
}
