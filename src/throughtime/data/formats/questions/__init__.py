"""Questions about a text: SQuAD's JSON, bAbI's stories, tables of contexts, questions and answers."""
