#include "client/commands.h"

#include "client/client.h"

#define SCHEMES "sector|outcome|occupation|country|region|industry|language"

static const struct flag status_flags[] = {
    {"registries", 0, FLAG_SWITCH, NULL,
     "each registry, from where it is followed, and how far it is behind"},
    {.name = NULL},
};

static const struct flag global_flags[] = {
    {"server", 0, FLAG_TEXT, "URL", "where partnerd is; http://127.0.0.1:8470 where nothing says otherwise"},
    {"token-file", 0, FLAG_TEXT, "FILE", "a file with the token, which nobody else may read"},
    {"ca-file", 0, FLAG_TEXT, "FILE",
     "PEM: who signs an https server's certificate; else whom the system trusts"},
    {"profile", 0, FLAG_TEXT, "NAME", "a [NAME] of the configuration file; see partner config"},
    {"output", 'o', FLAG_CHOICE, "table|json|jsonl|csv", "how the answer is written"},
    {"fields", 0, FLAG_LIST, "PATH,...", "only these fields, as name,network.distance"},
    {"no-headers", 0, FLAG_SWITCH, NULL, "leave out the line of headings"},
    {"no-color", 0, FLAG_SWITCH, NULL, "no colour, on a terminal too"},
    {"timeout", 0, FLAG_TEXT, "TIME", "how long to wait, as 30s or 2m; 0: for ever"},
    {"verbose", 'v', FLAG_SWITCH, NULL, "say each call, its status and time"},
    {"help", 'h', FLAG_SWITCH, NULL, "this help"},
    {"version", 0, FLAG_SWITCH, NULL, "the version"},
    {0},
};

static const struct flag need_flags[] = {
    {"from", 0, FLAG_TEXT, "ID", "the organisation that sends: its partners and strategy count"},
    {"sector", 0, FLAG_LIST, "WORDS|CODE,...", "by words or by ISCED-F code; any of them"},
    {"outcome", 0, FLAG_REPEAT, "WORDS|URI", "what learners are to learn; repeat for each"},
    {"essential", 0, FLAG_REPEAT, "WORDS|URI", "the same, and a host that doesn't cover it is no match"},
    {"weeks", 0, FLAG_TEXT, "N|N-M", "how long, in weeks"},
    {"days", 0, FLAG_TEXT, "N|N-M", "how long, in days"},
    {"months", 0, FLAG_TEXT, "N|N-M", "how long, in months of 30 days"},
    {"stay", 0, FLAG_TEXT, "LENGTH", "how long, as 14d, 3w, 6m, 2w-3w"},
    {"from-date", 0, FLAG_TEXT, "DATE", "the stay begins on YYYY-MM-DD or later"},
    {"to-date", 0, FLAG_TEXT, "DATE", "and ends by this date"},
    {"country", 0, FLAG_LIST, "WORD|CODE,...", "any of them: DE, Poland"},
    {"region", 0, FLAG_LIST, "CODE,...", "NUTS codes, any of them; PL9 stands for all below"},
    {"language", 0, FLAG_LIST, "LANG[:LEVEL],...", "what the learners speak: de:B1, English"},
    {"learners", 0, FLAG_NUMBER, "N", "places wanted"},
    {"max-absent", 0, FLAG_NUMBER, "N", "at most so many learners away on any one day"},
    {"level", 0, FLAG_NUMBER, "1-8", "the learners' EQF level"},
    {"theme", 0, FLAG_LIST, "WORD,...", "digital, green, inclusion, participation"},
    {"mode", 0, FLAG_LIST, "WORD,...", "physical, blended, virtual"},
    {"network", 0, FLAG_CHOICE, "keep|extend", "existing partners first, or new partners only"},
    {"weights", 0, FLAG_LIST, "NAME=NUMBER,...",
     "what counts how much: outcomes, sector, duration, network, ..."},
    {"need", 0, FLAG_TEXT, "ID", "ask for a need that the registry has"},
    {"need-file", 0, FLAG_TEXT, "FILE", "a need as JSON; other flags change it"},
    {0},
};

static const struct flag offer_flags[] = {
    {"offer", 0, FLAG_TEXT, "ID", "an offer that the registry has"},
    {"host", 0, FLAG_TEXT, "ID", "the organisation that would make the offer described by the flags below"},
    {"sector", 0, FLAG_LIST, "WORDS|CODE,...", "by words or by ISCED-F code; the host's where none is given"},
    {"outcome", 0, FLAG_REPEAT, "WORDS|URI", "what learners can learn there; repeat for each"},
    {"weeks", 0, FLAG_TEXT, "N|N-M", "how long, in weeks"},
    {"days", 0, FLAG_TEXT, "N|N-M", "how long, in days"},
    {"months", 0, FLAG_TEXT, "N|N-M", "how long, in months of 30 days"},
    {"stay", 0, FLAG_TEXT, "LENGTH", "how long, as 14d, 3w, 6m, 2w-3w"},
    {"from-date", 0, FLAG_TEXT, "DATE", "places are free from YYYY-MM-DD"},
    {"to-date", 0, FLAG_TEXT, "DATE", "to this date"},
    {"places", 0, FLAG_NUMBER, "N", "so many at once; 1 where dates alone are given"},
    {"language", 0, FLAG_LIST, "LANG[:LEVEL],...", "what is spoken there, and the least level asked for"},
    {"level", 0, FLAG_NUMBER, "1-8", "the EQF level that it is for"},
    {"theme", 0, FLAG_LIST, "WORD,...", "digital, green, inclusion, participation"},
    {"mode", 0, FLAG_LIST, "WORD,...", "physical, blended, virtual"},
    {"network", 0, FLAG_CHOICE, "keep|extend", "the host's partners first, or new partners only"},
    {"weights", 0, FLAG_LIST, "NAME=NUMBER,...",
     "what counts how much: outcomes, sector, duration, network, ..."},
    {0},
};

static const struct flag page_flags[] = {
    {"page-size", 'n', FLAG_NUMBER, "N", "how many at once; at most 1,000"},
    {"page-token", 0, FLAG_TEXT, "TOKEN", "go on where an earlier answer ended"},
    {"all", 0, FLAG_SWITCH, NULL, "all pages"},
    {0},
};

static const struct flag read_flags[] = {
    {"min-revision", 0, FLAG_NUMBER, "N", "wait until the answer is at least this new"},
    {0},
};

static const struct flag find_flags[] = {
    {"brief", 0, FLAG_SWITCH, NULL, "without reasons"},
    {0},
};

static const struct flag list_flags[] = {
    {"role", 0, FLAG_LIST, "WORD,...", "sending, hosting, employer, intermediary; any of them"},
    {"country", 0, FLAG_LIST, "WORD|CODE,...", "any of them"},
    {"sector", 0, FLAG_LIST, "WORDS|CODE,...", "any of them"},
    {"registry", 0, FLAG_TEXT, "ID", "only this registry's"},
    {0},
};

static const struct flag search_flags[] = {
    {"in", 0, FLAG_CHOICE, SCHEMES, "what kind of word; an outcome where nothing is said"},
    {"language", 0, FLAG_TEXT, "LANG", "of the labels, as de; English where nothing is said"},
    {"page-size", 'n', FLAG_NUMBER, "N", "how many"},
    {0},
};

static const struct flag apply_flags[] = {
    {"registry", 0, FLAG_TEXT, "ID", "whose records they are; the first record's where nothing is said"},
    {"dry-run", 0, FLAG_SWITCH, NULL, "check and count, change nothing"},
    {"all-or-nothing", 0, FLAG_SWITCH, NULL, "one bad record rejects them all; up to 10,000 records"},
    {"request-id", 0, FLAG_TEXT, "WORD", "names this work, so that doing it again changes nothing"},
    {0},
};

static const struct flag push_flags[] = {
    {"registry", 0, FLAG_TEXT, "ID", "whose records they are; the first record's where nothing is said"},
    {"full", 0, FLAG_SWITCH, NULL, "the registry's whole content: what is not in the files is deleted"},
    {"max-delete-percent", 0, FLAG_NUMBER, "N",
     "refuse a full push that deletes more; 20 where nothing is said"},
    {"dry-run", 0, FLAG_SWITCH, NULL, "check and count, change nothing"},
    {"all-or-nothing", 0, FLAG_SWITCH, NULL, "one bad record rejects them all"},
    {"rejected", 0, FLAG_TEXT, "FILE", "write the lines that were rejected, to mend and push again"},
    {"mapping", 0, FLAG_TEXT, "FILE",
     "what a CSV's own columns mean, a line each: organisation.name = {title}"},
    {"format", 0, FLAG_CHOICE, "eche", "a public list's columns: holders of the Erasmus charter"},
    {"request-id", 0, FLAG_TEXT, "WORD", "names this push, so that doing it again changes nothing"},
    {0},
};

static const struct flag export_flags[] = {
    {"registry", 0, FLAG_LIST, "ID,...", "only these registries' records"},
    {"file", 'o', FLAG_TEXT, "FILE|-",
     "where to, whole or not at all; standard output where nothing is said"},
    {"state-file", 0, FLAG_TEXT, "FILE", "write down where watch is to go on"},
    {0},
};

static const struct flag watch_flags[] = {
    {"registry", 0, FLAG_LIST, "ID,...", "only these registries' changes"},
    {"state-file", 0, FLAG_TEXT, "FILE", "go on from where it says, and keep it up to date"},
    {"after", 0, FLAG_TEXT, "REVISION",
     "begin after this one, where no state file is; else with what comes now"},
    {"epoch", 0, FLAG_TEXT, "WORD", "the one that --after belongs to, as export tells it"},
    {"marks", 0, FLAG_SWITCH, NULL, "a line {\"revision\":...} whenever all up to there has been written"},
    {"heartbeat", 0, FLAG_NUMBER, "SECONDS",
     "how often the server says that it is there; three missing end a connection"},
    {0},
};

static const struct flag load_flags[] = {
    {"name", 0, FLAG_TEXT, "NAME", "name and version, as 'ESCO 1.1.1'"},
    {"language", 0, FLAG_TEXT, "LANG", "of the labels; that of the files' names where nothing is said"},
    {"labels-only", 0, FLAG_SWITCH, NULL, "add this language's labels to the concepts that are there"},
    {"keep-going", 0, FLAG_SWITCH, NULL, "leave bad rows out; else one stops it, and nothing changes"},
    {"dry-run", 0, FLAG_SWITCH, NULL, "check and count, change nothing"},
    {0},
};

static const struct flag registry_flags[] = {
    {"title", 0, FLAG_TEXT, "TEXT", "what people call it"},
    {0},
};

static const struct flag token_flags[] = {
    {"access", 0, FLAG_CHOICE, "reader|institution|agency|admin", "what its bearer may do"},
    {"scope", 0, FLAG_TEXT, "ID", "an institution's organisation, an agency's registry"},
    {"expires", 0, FLAG_TEXT, "DATE|TIME",
     "the last day that it is good, as 2027-06-30, or how long, as 90d"},
    {0},
};

static const struct command commands[] = {
    {
        .name = "find",
        .summary = "find hosts for learners, best first, with the reasons",
        .examples =
            "partner find --from es/E10000001 --sector welding --weeks 3 --outcome \"operate MIG welding "
            "equipment\" --country DE,PL\n"
            "partner find --need es/need-7 --network extend\n"
            "partner find --sector 0913 --stay 2w-4w --language English:B1 --all --output csv",
        .text =
            "Sectors, countries and languages are given by word or by code, and how words were read is told. "
            "The letters after a score are SMaRT: strategic, meaningful, recognisable, transferable. Where "
            "few "
            "hosts fit, the last lines say which wish, given up, would bring more.",
        .flags = {find_flags, need_flags, page_flags, read_flags},
        .run = cmd_find,
    },
    {
        .name = "senders",
        .summary = "find senders whose needs an offer could serve, best first, with the reasons",
        .examples =
            "partner senders --offer de/offer-12\n"
            "partner senders --host de/E20000007 --sector welding --days 14-28 --outcome \"operate MIG "
            "welding equipment\"\n"
            "partner senders --offer de/offer-12 --network extend --all --output csv",
        .text = "Each sender is shown with the one of its needs that the offer fits best: its learners and "
                "days, what the offer covers of it, and its SMaRT letters. Where few fit, the last lines say "
                "which of the needs' wishes keep the others out.",
        .flags = {find_flags, offer_flags, page_flags, read_flags},
        .run = cmd_senders,
    },
    {
        .name = "explain",
        .summary = "why one host fits or doesn't: every wish and every criterion",
        .arguments = "ID",
        .words_min = 1,
        .words_max = 1,
        .examples = "partner explain de/E20000007 --from es/E10000001 --sector welding --weeks 3\n"
                    "partner explain de/offer-12 --need es/need-7",
        .text = "ID is an organisation's or an offer's.",
        .flags = {need_flags, read_flags},
        .run = cmd_explain,
    },
    {
        .name = "show",
        .summary = "an organisation with its offers, needs and partnerships",
        .arguments = "ID",
        .words_min = 1,
        .words_max = 1,
        .examples = "partner show es/E10000001\npartner show es/E10000001 --output json",
        .flags = {read_flags},
        .run = cmd_show,
    },
    {
        .name = "list",
        .summary = "organisations, by words of their name or an identifier",
        .arguments = "[WORD...]",
        .words_max = 100,
        .examples = "partner list escuela --country ES\npartner list --sector nursing --role hosting --all",
        .flags = {list_flags, page_flags, read_flags},
        .run = cmd_list,
    },
    {
        .name = "search",
        .summary = "look words up: outcomes, sectors, countries, ...",
        .arguments = "WORD...",
        .words_min = 1,
        .words_max = 100,
        .examples = "partner search weld pipes\npartner search --in sector cook",
        .flags = {search_flags, read_flags},
        .run = cmd_search,
    },
    {
        .name = "apply",
        .summary = "write records of a file into the registry",
        .arguments = "FILE|-",
        .words_min = 1,
        .words_max = 1,
        .examples = "partner apply sample.jsonl\n"
                    "partner apply --registry es offers.csv.gz\n"
                    "partner apply --registry es --dry-run - < changes.jsonl",
        .text = "JSON lines hold a record each, as {\"offer\":{...}}, or a change, as "
                "{\"deleteId\":\"es/offer-1\"}. "
                "A file of any length goes in parts of up to 5,000 records, in its order: an organisation "
                "before what "
                "names it. Records that are rejected are listed with line, field and reason, the others are "
                "kept, and "
                "the exit code is 8.",
        .flags = {apply_flags},
        .run = cmd_apply,
    },
    {
        .name = "push",
        .summary = "write files of any length into a registry, in one transaction",
        .arguments = "FILE...",
        .words_min = 1,
        .words_max = 100,
        .examples = "partner push --full --registry es registry.jsonl.gz\n"
                    "partner push --rejected mend.csv offers.csv\n"
                    "partner push --format eche --registry eche --full eche_2021_2027.csv.gz",
        .text = "Files are as in apply. What is in the registry as it is sent stays untouched. With --full "
                "what is not "
                "sent is deleted, but for what institutions wrote by themselves; a line that can't be read "
                "then stops "
                "the push. Records that are rejected are listed with line, field and reason, the others are "
                "kept, and "
                "the exit code is 8. Where the server is away it is tried again, once whatever happens. A "
                "mapping "
                "makes fields of a CSV file's columns, as organisation.id = {registry}/{code} or "
                "organisation.identifiers.value = {pic}|{oid}; {oid?oid} is a text where that column has a "
                "value.",
        .flags = {push_flags},
        .run = cmd_push,
    },
    {
        .name = "export",
        .summary = "all records as of one moment, as JSON lines",
        .examples = "partner export -o all.jsonl --state-file partner.state\n"
                    "partner export --registry es,pt | gzip > iberia.jsonl.gz",
        .text =
            "A record a line, as {\"offer\":{...}}, an organisation before what names it: apply and push "
            "take "
            "the same lines, a registry at a time. How many there were, and the revision and the epoch they "
            "stand for, are told on standard error. The state file is written last, so that partner watch "
            "--state-file goes on from these records and misses nothing.",
        .flags = {export_flags, read_flags},
        .run = cmd_export,
    },
    {
        .name = "watch",
        .summary = "the changes as they come, as JSON lines",
        .examples = "partner watch --state-file partner.state >> changes.jsonl\n"
                    "partner watch --registry es",
        .text =
            "A change a line, in the order of revisions, as "
            "{\"upsert\":{\"offer\":{...}},\"revision\":\"8\"} "
            "with the record as it is now, or {\"deleteId\":\"es/offer-1\",\"revision\":\"9\"}. The state "
            "file follows what was written: after a crash the last changes may come once more, and none "
            "is left out. A server that is away is waited for. Where the server no longer has the "
            "changes since the state, or its database was replaced, the exit code is 5, and partner export "
            "begins anew.",
        .flags = {watch_flags},
        .run = cmd_watch,
    },
    {
        .name = "vocabulary load",
        .summary = "load ESCO or NUTS from its official files",
        .arguments = "FILE...",
        .words_min = 1,
        .words_max = 100,
        .examples = "partner vocabulary load --name 'ESCO 1.1.1' skills_en.csv skillsHierarchy_en.csv",
        .text = "ESCO's CSV files of any language and NUTS' file, plain or gzipped, told apart by their "
                "headings.",
        .flags = {load_flags},
        .run = cmd_vocabulary_load,
    },
    {
        .name = "vocabulary show",
        .summary = "one concept, with what is broader, narrower and related",
        .arguments = "CODE",
        .words_min = 1,
        .words_max = 1,
        .examples = "partner vocabulary show 0715\n"
                    "partner vocabulary show http://data.europa.eu/esco/skill/... --language de",
        .flags = {search_flags, read_flags},
        .run = cmd_vocabulary_show,
    },
    {
        .name = "vocabulary list",
        .summary = "the vocabularies that are loaded",
        .examples = "partner vocabulary list",
        .run = cmd_vocabulary_list,
    },
    {
        .name = "status",
        .summary = "how the server is",
        .examples = "partner status\npartner status --registries\npartner status --output json",
        .flags = {status_flags},
        .run = cmd_status,
    },
    {
        .name = "config",
        .summary = "the settings in force, and where each comes from",
        .examples = "partner config",
        .text = "The configuration file has profiles, [default] and others, with the keys server, token, "
                "token-file, "
                "ca-file, output and timeout. Flags come first, then PARTNER_SERVER, PARTNER_TOKEN, "
                "PARTNER_CA_FILE, PARTNER_OUTPUT, PARTNER_TIMEOUT and PARTNER_PROFILE, then the file.",
        .run = cmd_config,
    },
    {
        .name = "completion",
        .summary = "completion for a shell",
        .arguments = "bash|zsh|fish",
        .words_min = 1,
        .words_max = 1,
        .examples = "source <(partner completion bash)",
        .run = cmd_completion,
    },
    {
        .name = "manual",
        .summary = "the manual page, as man takes it",
        .examples = "partner manual | man -l -",
        .run = cmd_manual,
    },
    {
        .name = "admin registry create",
        .summary = "make a registry, before its first record",
        .arguments = "ID",
        .words_min = 1,
        .words_max = 1,
        .examples = "partner admin registry create es --title \"SEPIE, Spain\"",
        .flags = {registry_flags},
        .run = cmd_admin_registry_create,
    },
    {
        .name = "admin registry list",
        .summary = "the registries, with what each holds",
        .examples = "partner admin registry list",
        .flags = {read_flags},
        .run = cmd_admin_registry_list,
    },
    {
        .name = "admin token create",
        .summary = "make a token; its secret is shown once",
        .arguments = "TITLE",
        .words_min = 1,
        .words_max = 1,
        .examples =
            "partner admin token create \"SEPIE, nightly push\" --access agency --scope es --expires 365d\n"
            "umask 077; partner admin token create Levante --access institution --scope es/E10000001 -o "
            "table "
            "> levante.token",
        .text = "reader: reads. institution: writes the offers and needs of its organisation. agency: writes "
                "its registry. admin: everything. As a table the secret stands alone on standard output, so "
                "that a file of it is one for --token-file. The server keeps its hash alone: who loses it "
                "makes another.",
        .flags = {token_flags},
        .run = cmd_admin_token_create,
    },
    {
        .name = "admin token list",
        .summary = "the tokens: whose, for what, and when last used",
        .examples = "partner admin token list --all",
        .flags = {page_flags},
        .run = cmd_admin_token_list,
    },
    {
        .name = "admin token revoke",
        .summary = "end tokens, within a second and for good",
        .arguments = "ID...",
        .words_min = 1,
        .words_max = 100,
        .examples = "partner admin token revoke 7tPq3KxWzB4a",
        .run = cmd_admin_token_revoke,
    },
    {0},
};

const struct command_set client_commands = {.commands = commands, .global = global_flags};
