//! Tokenizer and chat template, as they come out of the file's metadata.

use models::{ChatMessage, Precision, Specials};

use super::imported::{golden, ids, imported};

#[test]
fn tokens_and_chats_are_those_of_the_reference() {
    let Some(imported) = imported() else { return };
    let imports = imported.import(Precision::Int8);
    let tokenizer = imports.package.tokenizer().unwrap();
    for case in golden("tokens.json")["cases"].as_array().unwrap() {
        let input = case["input"].as_str().unwrap();
        for (specials, expected) in [(Specials::Parse, &case["parse"]), (Specials::Text, &case["text"])] {
            assert_eq!(
                tokenizer.encode(input, specials).unwrap(),
                ids(expected),
                "{} {input:?}",
                case["name"]
            );
        }
    }

    let template = imports.package.chat_template().unwrap().unwrap();
    for case in golden("chats.json")["cases"].as_array().unwrap() {
        let messages: Vec<ChatMessage> = case["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| ChatMessage {
                role: message["role"].as_str().unwrap().into(),
                content: message["content"].as_str().unwrap().into(),
            })
            .collect();
        for (prompt, expected) in [(false, "rendered"), (true, "rendered_for_generation")] {
            let rendered = template.render(&messages, prompt).unwrap();
            assert_eq!(rendered, case[expected].as_str().unwrap(), "{}", case["name"]);
        }
    }
}
