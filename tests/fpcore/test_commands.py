"""The commands, as scripts use them: JSON with stable keys, one sentence for an error."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from agency import PASSWORD, STATEMENT, csv_bytes
from click.testing import CliRunner

from fpcore.access import accounts
from fpcore.commands import demo
from fpcore.commands.main import main
from fpcore.config import clock
from fpcore.config.paths import ROOT
from fpcore.customers import consents, profiles
from fpcore.importing import words as book_words
from fpcore.kept import comparison
from fpcore.models import ConsentChannel, ConsentKind, PolicyType, RowKind
from fpcore.rules import rulebook
from fpcore.store import opening

BOOK = [
    {"고객번호": "K1", "고객명": "김하나", "생년월일": "1985-03-02", "이메일": "kim@example.com",
     "증권번호": "A-1", "상품명": "종신보험", "가입금액": "3천만", "보험료": "50000"},
    {"고객번호": "K1", "고객명": "김하나", "증권번호": "A-2", "상품명": "암보험"},
    {"고객번호": "K2", "고객명": "이둘", "증권번호": "A-2", "상품명": "암보험"},
    {"고객번호": "K3", "고객명": "박셋", "상품명": "종신보험", "가입금액": "abc"},
]  # fmt: skip
COMMANDS = [
    [], ["init"], ["start"], ["account"], ["account", "add"], ["account", "set"], ["import"],
    ["customers"],
    ["coverage"], ["gaps"], ["rules"], ["heatmap"], ["export"], ["erase"],
]  # fmt: skip


def run(*words: object, typed: str | None = None):
    return CliRunner().invoke(main, [str(word) for word in words], input=typed)


def ask(*words: object, typed: str | None = None) -> dict | list:
    """Run a command with --json; what it printed."""
    result = run(*words, "--json", typed=typed)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def machine_made(tmp_path_factory) -> Path:
    """A machine with an empty database, an account fp1 and a book to import; to be copied."""
    folder = tmp_path_factory.mktemp("machine")
    with own(folder):
        ask("init")
        ask("account", "add", "fp1", "--role", "fp", "--team", "강남", typed=PASSWORD)
    (folder / "book.csv").write_bytes(csv_bytes(BOOK))
    return folder


@pytest.fixture(scope="module")
def filled_made(machine_made, tmp_path_factory) -> Path:
    """The same machine with the book imported; to be copied."""
    folder = shutil.copytree(machine_made, tmp_path_factory.mktemp("filled") / "own")
    with own(folder):
        ask("import", folder / "book.csv", "--owner", "fp1", "--consent-basis", STATEMENT)
    return folder


UNTIL = clock.today() + timedelta(days=30)


@pytest.fixture(scope="module")
def ending_made(machine_made, tmp_path_factory) -> Path:
    """The same machine with a policy that ends soon; to be copied."""
    folder = shutil.copytree(machine_made, tmp_path_factory.mktemp("ending") / "own")
    (folder / "book.csv").write_bytes(csv_bytes([{**BOOK[0], "만기일": UNTIL.isoformat()}]))
    with own(folder):
        ask("import", folder / "book.csv", "--owner", "fp1", "--consent-basis", STATEMENT)
    return folder


@contextmanager
def own(folder: Path) -> Iterator[Path]:
    """Let commands use the database of this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FP_DATABASE", str(folder / "fp.duckdb"))
        yield folder


@pytest.fixture
def machine(machine_made, tmp_path) -> Iterator[Path]:
    """A machine of one's own, nothing imported yet."""
    with own(shutil.copytree(machine_made, tmp_path, dirs_exist_ok=True)) as folder:
        yield folder


@pytest.fixture
def ending(ending_made, tmp_path) -> Iterator[Path]:
    """A machine of one's own with a policy that ends soon."""
    with own(shutil.copytree(ending_made, tmp_path, dirs_exist_ok=True)) as folder:
        yield folder


@pytest.fixture
def filled(filled_made, tmp_path) -> Iterator[Path]:
    """A machine of one's own with the book imported."""
    with own(shutil.copytree(filled_made, tmp_path, dirs_exist_ok=True)) as folder:
        yield folder


def test_init_makes_the_database_once_and_keeps_it(machine):
    assert ask("init") == {"database": str(machine / "fp.duckdb"), "demo_accounts": []}
    assert ask("customers", "--owner", "fp1")["total"] == 0


def test_init_loads_the_demo_book_once(machine, monkeypatch):
    small = machine / "demo.csv"
    small.write_bytes(csv_bytes([{**BOOK[0], "담당FP": "fp1", "동의": "Y"}]))
    monkeypatch.setattr("fpcore.commands.demo.BOOK", small)
    for _ in range(2):
        made = ask("init", "--demo")
        assert {"account", "password", "role", "team"} <= made["demo_accounts"][0].keys()
        assert ask("customers", "--owner", "admin")["total"] == 1


_SET_PASSWORD = "update account set password_hash = $secret where username = 'admin'"


def test_the_demo_is_there_only_where_people_sign_in_as_it_says(machine, monkeypatch):
    small = machine / "demo.csv"
    small.write_bytes(csv_bytes([{**BOOK[0], "담당FP": "fp1", "동의": "Y"}]))
    monkeypatch.setattr("fpcore.commands.demo.BOOK", small)
    ask("account", "add", "admin", "--role", "admin", typed=PASSWORD)  # as an office has
    with closing(opening.open_database()) as db:
        assert not demo.is_loaded(db)
    ask("init", "--demo")
    with closing(opening.open_database()) as db:
        assert not demo.is_loaded(db)  # the admin keeps the password
        secret = accounts.bcrypt.hashpw(demo.PASSWORD.encode(), accounts.bcrypt.gensalt(4))
        said = {"secret": secret.decode()}
        db.transaction(lambda cursor: cursor.execute(_SET_PASSWORD, said))
        assert demo.is_loaded(db)


def test_an_account_takes_the_password_that_is_typed(machine):
    added = ask("account", "add", "Boss", "--role", "manager", "--team", "강남", typed=PASSWORD)
    assert added == {"account": "boss", "role": "manager", "team": "강남", "sees_names": True}
    db = opening.open_database()
    hashed = accounts.sign_in_credentials(db)["usernames"]["boss"]["password"]
    assert accounts.bcrypt.checkpw(PASSWORD.encode(), hashed.encode())
    db.close()


def test_an_account_without_a_typed_password_gets_one_that_is_shown_once(machine):
    result = run("account", "add", "root", "--role", "admin", typed="")
    assert result.exit_code == 0
    assert len(result.stdout.strip().rpartition(" ")[2]) >= 12
    assert len(ask("account", "add", "root2", "--role", "admin", typed="\n")["password"]) >= 12


def test_a_manager_is_given_and_denied_the_right_to_names(filled):
    boss = ("account", "add", "boss", "--role", "manager", "--team", "강남", "--no-names")
    assert ask(*boss, typed=PASSWORD)["sees_names"] is False
    for option, name in (("--names", "김하나"), ("--no-names", "김*나")):
        changed = ask("account", "set", "boss", option)
        assert changed["sees_names"] is (option == "--names")
        listed = ask("customers", "--owner", "boss", "--valued-on", "2025-01-01")
        assert listed["names_masked"] is (option == "--no-names")
        assert listed["customers"][0]["name"] == name
    assert listed["customers"][0]["age"] == 40, "the year of birth, whatever the day"
    assert ask("customers", "--owner", "boss", "--search", "김하나")["matching"] == 0
    assert ask("customers", "--owner", "fp1", "--search", "김하나")["matching"] == 1
    printed = run("account", "set", "boss", "--no-names").stdout
    assert printed.strip() == (
        "Account boss (manager) changed, without the names of other people's customers."
    )


def test_an_import_prints_what_became_of_every_row(machine):
    rejects = machine / "rejects.csv"
    report = ask("import", machine / "book.csv", "--owner", "fp1", "--consent-basis", STATEMENT,
                 "--rejects", rejects)  # fmt: skip
    counts = "rows customers_created policies_created updated unchanged rejected questions".split()
    assert [report[name] for name in counts] == [4, 1, 2, 0, 0, 1, 1]
    assert report["batch"]
    assert [reject["line"] for reject in report["rejects"]] == [4, 5]
    assert rejects.read_text("utf-8-sig").count("\n") == 3
    assert "A-2" in report["rejects"][0]["reason"]


def test_a_dry_run_stores_nothing(machine):
    report = ask("import", machine / "book.csv", "--owner", "fp1", "--consent-basis", STATEMENT,
                 "--dry-run")  # fmt: skip
    assert (report["batch"], report["rows"], report["customers_created"]) == (None, 4, 1)
    assert ask("customers", "--owner", "fp1")["total"] == 0


def test_customers_are_listed_and_searched(filled):
    everybody = ask("customers", "--owner", "fp1")
    assert (everybody["total"], everybody["matching"]) == (1, 1)
    assert ask("customers", "--owner", "fp1", "--search", "KIM@")["matching"] == 1
    assert ask("customers", "--owner", "fp1", "--search", "%")["matching"] == 0
    [kim] = everybody["customers"]
    assert (kim["name"], kim["policies"], kim["coverage"]) == ("김하나", 2, 30_000_000)
    assert list(everybody) == ["total", "withdrawn", "matching", "names_masked", "customers"]
    assert set(kim) == {
        "id", "name", "gender", "age", "occupation", "phone", "email", "owner", "last_contact_on",
        "next_contact_on", "next_end_on", "marketing", "policies", "coverage", "unknown",
        "premium", "premium_unknown",
    }  # fmt: skip
    assert (kim["marketing"], kim["next_contact_on"], kim["next_end_on"]) == (False, None, None)


BROKEN_RULE = """
[[rule]]
code = "life_missing"
coverage = "life"
severity = 2
valid_from = 2026-01-01
need = { word = "owns" }
source = "house default, no source"
grade = "D"
"""


def test_rules_are_listed_with_their_sources(machine):
    found = ask("rules")
    assert found["fault"] is None
    codes = [rule["code"] for rule in found["rules"]]
    assert {"life_missing", "death_benefit", "replacement"} <= set(codes)
    assert all(rule["source"] and rule["grade"] in "ABCD" for rule in found["rules"])


def test_a_rule_file_is_checked_without_being_taken(machine):
    file = machine / "own.toml"
    file.write_text(BROKEN_RULE, encoding="utf-8")
    refused = run("rules", "--check", file)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert all(said in refused.stderr for said in ("own.toml", "life_missing", "need", "'holds'"))
    file.write_text(BROKEN_RULE.replace("owns", "holds"), encoding="utf-8")
    assert [rule["code"] for rule in ask("rules", "--check", file)["rules"]] == ["life_missing"]
    assert len(ask("rules")["rules"]) > 1


def test_with_broken_words_of_books_the_last_good_ones_go_on_and_the_fault_is_told(
    machine, monkeypatch
):
    ask("customers", "--owner", "fp1")
    file = machine / "book_words.toml"
    file.write_text("[columns]\nname = []\n", encoding="utf-8")
    monkeypatch.setattr(book_words, "BOOK_WORDS", file)
    result = run(
        "import", machine / "book.csv", "--owner", "fp1", "--consent-basis", STATEMENT, "--json"
    )
    assert json.loads(result.stdout)["created"] == 2
    assert "book_words.toml" in result.stderr and "columns.name" in result.stderr


def test_with_a_broken_rule_file_the_last_good_rules_go_on_and_the_fault_is_told(
    filled, monkeypatch
):
    before = ask("gaps")
    file = filled / "gap_rules.toml"
    file.write_text(BROKEN_RULE, encoding="utf-8")
    monkeypatch.setattr(rulebook, "RULES", file)
    result = run("gaps", "--json")
    assert json.loads(result.stdout) == before
    assert "gap_rules.toml" in result.stderr and "life_missing" in result.stderr


@pytest.mark.parametrize("name", ["K1", "김하나"])
def test_coverage_of_a_customer_keeps_unknown_amounts_null(name, filled):
    found = ask("coverage", name)
    assert (found["total_coverage"], found["total_premium"]) == (30_000_000, 50_000)
    assert list(found["by_type"]) == [kind.value for kind in PolicyType]
    assert found["by_type"]["health"]["coverage"] is None
    assert found["by_type"]["car"]["coverage"] == 0
    (low,) = (gap for gap in found["gaps"] if gap["code"] == "total_low")
    expected = {
        "code": "total_low", "type": "total", "state": "unknown", "recommended": 100_000_000,
        "held": 30_000_000, "short": None, "why": "amount_unknown",
        "missing": ["coverage_amount"], "version": 1, "target": None, "is_costly": False,
    }  # fmt: skip
    assert {key: low[key] for key in expected} == expected
    assert low["source"] and low["grade"] == "B"
    assert [len(low["counted"]), [one["why"] for one in low["not_counted"]]] == [
        1, ["amount_unknown"],
    ]  # fmt: skip
    assert ask("coverage", found["customer"]) == found
    assert ask("gaps", name) == found["gaps"]


def test_gaps_are_counted_over_the_book(filled):
    found = ask("gaps")
    states = ["not_needed", "covered", "partial", "gap", "unknown"]
    assert found["customers"] == 1
    counted = {rule["code"]: [rule[s] for s in states] for rule in found["rules"]}
    expected = {
        "life_missing": [0, 1, 0, 0, 0],
        "health_missing": [0, 1, 0, 0, 0],
        "total_low": [0, 0, 0, 0, 1],
        "health_by_age": [0, 0, 0, 0, 1],
        "death_benefit": [0, 0, 0, 0, 1],
        "indemnity_twice": [1, 0, 0, 0, 0],
    }
    assert {code: counted[code] for code in expected} == expected
    assert {sum(states) for states in counted.values()} == {1}


@pytest.mark.parametrize("rows", RowKind)
def test_a_heatmap_prints_every_figure_of_every_cell(rows, filled):
    found = ask("heatmap", "--rows", rows.value, "--measure", "lacking", "--valued-on",
                "2026-11-22")  # fmt: skip
    assert (found["rows"], found["measure"], found["valued_on"]) == (
        rows.value, "lacking", "2026-11-22",
    )  # fmt: skip
    keys = "row type customers holders lacking coverage premium unknown".split()
    assert all(set(keys) <= cell.keys() for cell in found["cells"])
    by_type = {cell["type"]: [cell[key] for key in keys[2:]] for cell in found["cells"]}
    assert by_type["life"] == [1, 1, 0, 30_000_000, 50_000, 0]
    assert by_type["health"] == [1, 1, 0, None, None, 1]
    assert by_type["car"] == [1, 0, 1, 0, 0, 0]


def withdraw(name: str, on: date) -> None:
    with closing(opening.open_database()) as db:
        customer = profiles.identify(db, accounts.OPERATOR, name)
        kind, channel = ConsentKind.COLLECTION, ConsentChannel.PHONE
        consents.withdraw(db, accounts.OPERATOR, customer, kind, channel, on)


def logged() -> list[tuple[str, str | None]]:
    """The access log: what was done, about whom."""
    with closing(opening.open_database()) as db:
        log = db.read("select action, customer_id::varchar as who from audit order by done_at, id")
        return [(row["action"], row["who"]) for row in log]


@pytest.mark.parametrize("name", ["K1", "김하나"])
def test_an_export_prints_all_that_is_held(name, filled):
    found = ask("export", name)
    assert list(found) == [
        "valued_on", "exported_at", "exported_by", "customer", "owner", "sources", "consents",
        "policies", "contacts", "targets", "gap_history", "before_import", "log",
    ]  # fmt: skip
    assert (found["customer"]["name"], found["owner"]["account"]) == ("김하나", "fp1")
    assert {policy["policy_number"] for policy in found["policies"]} == {"A-1", "A-2"}
    assert found["sources"][0]["file"] == "book.csv"
    assert found["log"][-1]["action"] == "exported"
    lines = run("export", name).stdout.splitlines()
    assert {"  Name: 김하나", "  Policy number: A-2", "  Coverage: ₩30,000,000"} <= set(lines)
    assert logged() == [("exported", found["customer"]["id"])] * 2


@pytest.mark.parametrize(("options", "title"), [
    ([], "개인정보 열람 자료"), (["--language", "en"], "Personal data on file"),
])  # fmt: skip
def test_an_export_is_written_as_a_page_that_only_its_owner_can_read(options, title, filled):
    page = filled / "kim.html"
    page.write_text("old")
    page.chmod(0o644)
    result = run("export", "K1", "--html", page, *options)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"Page written: {page}\n", "")
    assert f"<h1>{title}</h1>" in page.read_text("utf-8")
    assert "김하나" in page.read_text("utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_an_export_that_cannot_be_written_is_not_logged_as_given(filled):
    result = run("export", "K1", "--html", filled / "no" / "kim.html")
    assert (result.exit_code, result.stdout, logged()) == (1, "", [])


def test_a_customer_who_withdrew_is_exported_and_counted_but_not_shown(filled):
    withdraw("K1", date.today() - timedelta(days=1))
    assert ask("export", "K1")["customer"]["name"] == "김하나"
    listed = ask("customers", "--owner", "fp1")
    assert (listed["total"], listed["withdrawn"], listed["customers"]) == (1, 1, [])
    result = run("coverage", "K1")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)


@pytest.mark.parametrize("name", ["K1", "김하나"])
@pytest.mark.parametrize("options", [["--yes"], []])
def test_a_customer_is_erased_after_their_name_is_typed(name, options, filled):
    erased = ask("erase", name, *options, typed=None if options else "김하나\n")
    assert erased == {"erased": 1, "policies": 2, "contacts": 0, "consents": 1}
    assert ask("customers", "--owner", "fp1")["total"] == 0
    assert logged() == [("erased", None)]
    assert "김하나".encode() not in (filled / "fp.duckdb").read_bytes()


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "K1\n", "김하\n"])
def test_nobody_is_erased_unless_the_name_is_typed(typed, filled):
    result = run("erase", "K1", typed=typed)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "김하나 with 2 policies" in result.stderr
    assert ask("customers", "--owner", "fp1")["total"] == 1
    assert logged() == []


@pytest.mark.parametrize(("options", "typed"), [(["--yes"], None), ([], "1\n")])
def test_everybody_is_erased_whose_day_has_come(options, typed, machine):
    people = [{**BOOK[0], "고객번호": f"K{n}", "증권번호": f"A-{n}"} for n in range(3)]
    (machine / "book.csv").write_bytes(csv_bytes(people))
    ask("import", machine / "book.csv", "--owner", "fp1", "--consent-basis", STATEMENT)
    assert ask("erase", "--due") == {"erased": 0}
    withdraw("K1", clock.today() - timedelta(days=consents.DAYS_TO_DESTROY))
    withdraw("K2", clock.today() - timedelta(days=consents.DAYS_TO_DESTROY - 1))
    refused = run("erase", "--due", typed="2\n")
    assert (refused.exit_code, "김*나 (fp1)" in refused.stderr) == (1, True)
    assert ask("erase", "--due", *options, typed=typed) == {"erased": 1}
    assert run("erase", "K1", "--yes").exit_code == 1
    assert ask("customers", "--owner", "fp1")["withdrawn"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ["customers", "--owner", "fp1"], ["coverage", "K1"], ["gaps"], ["rules"], ["heatmap"],
        ["export", "K1"], ["erase", "--due"], ["init"],
        ["account", "add", "fp2", "--role", "fp"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_every_command_brings_the_database_up_to_the_day(words, ending, monkeypatch):
    monkeypatch.setattr(clock, "today", lambda: UNTIL + timedelta(days=1))
    with closing(opening.open_database()) as db:
        assert comparison.differences(db, clock.today()) != []
    assert run(*words, typed=PASSWORD).exit_code == 0
    with closing(opening.open_database()) as db:
        assert comparison.differences(db, clock.today()) == []


def test_lines_for_people_are_printed_without_json(filled):
    for words in (
        ["customers", "--owner", "fp1"], ["coverage", "K1"], ["gaps"], ["rules"], ["heatmap"],
        ["export", "K1"], ["erase", "--due"], ["erase", "K1", "--yes"],
    ):  # fmt: skip
        result = run(*words)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.strip()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["customers", "--owner", "nobody"], "nobody"),
        (["coverage", "K9"], "customer"),
        (["export", "K9"], "customer"),
        (["export", "K9", "--html", "page.html"], "customer"),
        (["erase", "K9"], "customer"),
        (["erase", "K9", "--yes", "--json"], "customer"),
        (["gaps", "--owner", "nobody"], "nobody"),
        (["import", "book.csv", "--owner", "fp1"], "consent"),
        (["import", "empty.csv", "--owner", "fp1"], "empty"),
        (["import", "book.csv", "--owner", "nobody", "--consent-basis", "x"], "nobody"),
        (["import", "book.csv", "--owner", "fp1", "--consent-basis", "x", "--rejects", "no/x.csv"],
         "no/x.csv"),
        (["account", "add", "fp1", "--role", "fp"], "fp1"),
        (["account", "set", "nobody", "--no-names"], "nobody"),
        (["account", "set", "operator", "--no-names"], "operator"),
    ],
)  # fmt: skip
def test_an_error_is_one_sentence_on_standard_error(words, said, machine, monkeypatch):
    monkeypatch.chdir(machine)
    (machine / "empty.csv").write_bytes(b"")
    result = run(*words, typed=PASSWORD)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip().count("\n") == 0
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr


def test_a_failed_import_stores_nothing(machine):
    result = run("import", machine / "book.csv", "--owner", "fp1", "--consent-basis", STATEMENT,
                 "--rejects", machine / "no" / "rejects.csv")  # fmt: skip
    assert result.exit_code == 1
    assert ask("customers", "--owner", "fp1")["total"] == 0


def test_without_a_database_a_command_says_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.setenv("FP_DATABASE", str(tmp_path / "none.duckdb"))
    result = run("heatmap")
    assert result.exit_code == 1
    assert "python -m fpcore init" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["import"],
        ["import", "no_such_file.csv"],
        ["heatmap", "--rows", "planet"],
        ["heatmap", "--valued-on", "yesterday"],
        ["customers"],
        ["export"],
        ["export", "K1", "--language", "fr"],
        ["erase"],
        ["erase", "K1", "--due"],
        ["account", "add", "x", "--role", "king"],
        ["import", __file__, "--currency", "WONS"],
    ],
)
def test_wrong_usage_ends_with_two(words, machine):
    result = run(*words)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 4


def test_a_file_held_by_the_app_is_told_with_its_process(machine):
    held = opening.open_database()
    result = subprocess.run(
        [sys.executable, "-m", "fpcore", "heatmap", "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    held.close()
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.strip().count("\n") == 0
    assert str(os.getpid()) in result.stderr


@pytest.mark.parametrize("command", [["coverage"], ["export"], ["erase"], ["customers", "--owner"]])
def test_an_argument_that_is_no_text_is_refused_in_one_sentence(machine, command):
    told = run(*command, "\udcff")
    assert told.exit_code == 2
    assert "not readable as text" in told.stderr
