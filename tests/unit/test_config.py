"""The configuration file: what it may say, and the one line that a mistake gives."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec.inspect
import pytest

from patchdeck import config
from patchdeck.config import ConfigError, load, parse
from patchdeck.config_values import key_of
from patchdeck.settings import EngineSettings, Settings

NOBODY = 65534
EXAMPLE = Path(__file__).parents[2] / "docs" / "config.example.toml"


def uncommented(text: str) -> str:
    """Prose is `# like this`; keys are `#like = "this"`, and go on as `#  "deeper"`."""
    return re.sub(r"^#(?=[a-z\[\]]|  \")", "", text, flags=re.MULTILINE)


def documented_keys() -> set[str]:
    table = ""
    keys = set()
    for line in uncommented(EXAMPLE.read_text()).splitlines():
        if header := re.match(r"\[+([a-z._]+)\]+$", line):
            table = header[1]
        elif key := re.match(r"([a-z_0-9-]+) = ", line):
            keys.add(f"{table}.{key[1]}")
    return keys


def all_keys() -> set[str]:
    kind = msgspec.inspect.type_info(Settings)
    assert isinstance(kind, msgspec.inspect.StructType)
    keys = set()
    for section in kind.fields:
        inner = section.type
        if isinstance(inner, msgspec.inspect.VarTupleType):
            inner = inner.item_type
        assert isinstance(inner, msgspec.inspect.StructType)
        keys |= {f"{section.name}.{key_of(field)}" for field in inner.fields}
    return keys


def test_the_example_as_it_stands_says_nothing() -> None:
    assert parse(EXAMPLE.read_text()) == Settings()


def test_the_example_with_every_key_uncommented_says_the_defaults() -> None:
    settings = parse(uncommented(EXAMPLE.read_text()))
    assert settings.engines == (EngineSettings(name="prod-a", host="ssh://ops@prod-a.example"),)
    assert settings.screen.keys
    assert settings.prometheus.instances
    assert settings.prometheus.expressions
    assert settings.rollout.gates
    assert [one.name for one in settings.indicators] == ["runqueue"]
    assert [one.name for one in settings.gates] == ["errors"]
    assert [one.ends for one in settings.windows] == ["02:00"]
    assert [one.name for one in settings.freezes] == ["turn of the year"]
    as_default = msgspec.structs.replace(
        settings,
        engines=(),
        indicators=(),
        gates=(),
        windows=(),
        freezes=(),
        screen=msgspec.structs.replace(settings.screen, keys={}),
        prometheus=msgspec.structs.replace(settings.prometheus, instances={}, expressions={}),
        rollout=msgspec.structs.replace(settings.rollout, gates={}),
    )
    assert as_default == Settings()


def test_the_example_documents_every_setting_and_no_other() -> None:
    # Tables of their own, whose keys are names.
    tables = {"screen.keys", "prometheus.instances", "prometheus.expressions", "rollout.gates"}
    documented = documented_keys()
    assert {key for key in documented if key.rpartition(".")[0] not in tables} == all_keys() - tables
    assert {key.rpartition(".")[0] for key in documented} >= tables


def test_values_are_read_with_their_units() -> None:
    settings = parse(
        """
        [startups]
        keep = "1h30m"
        settle = "250ms"
        [pressure]
        cpu_busy = "12.5%"
        [watch]
        snapshots_per_s = 2
        [screen]
        theme = "colour-blind"
        ascii = true
        """
    )
    assert settings.startups.keep_s == 5400.0
    assert settings.startups.settle_s == 0.25
    assert settings.pressure.cpu_busy == 0.125
    assert settings.watch.snapshots_per_s == 2.0
    assert (settings.screen.theme, settings.screen.ascii) == ("colour-blind", True)
    assert parse('[screen]\ntheme = "auto"\nascii = "auto"') == Settings()


MISTAKES = [
    ("[[windows]]", "windows[0]: expected days or dates on which it opens, found neither"),
    ('[[windows]]\ndays = ["friday"]', 'windows[0].days[0]: expected "mon"'),
    (
        '[[windows]]\ndays = ["fri"]\nbegins = "25:00"',
        "windows[0].begins: expected a time of day, as in 22:00",
    ),
    ('[[windows]]\ndates = ["28.11."]', "windows[0].dates[0]: expected a date in quotes, as in 2026-11-28"),
    (
        '[[windows]]\ndays = ["fri"]\nzone = "../x"',
        "windows[0].zone: expected a time zone that this host knows",
    ),
    (
        '[[freezes]]\nname = "x"\nfirst_day = "2026-12-18"\nlast_day = "2026-12-17"',
        "2026-12-18 or a later day",
    ),
    ('[[gates]]\nname = "up"', "c:1: gates[0]: expected one of promql, http, tcp and command, found none"),
    (
        '[[gates]]\nname = "up"\ntcp = "h:1"\nhttp = "http://h"',
        "c:1: gates[0]: expected one of promql, http, tcp and command, found http and tcp",
    ),
    ('[[gates]]\nname = "up"\npromql = "up"', 'gates[0].compare: expected a comparison, as in "< 0.01"'),
    (
        '[rollout.gates]\nratio = "fast"',
        "rollout.gates.ratio: ratio=fast: it takes off, on, required, or a factor",
    ),
    ('[[gates]]\nname = "ratio"\ntcp = "h:1"', "gates[0].name: expected a name that no other gate has"),
    (
        '[policy]\nrequired_gates = ["ratoi"]',
        "policy.required_gates[0]: expected a gate that there is (health, ratio, contention), found",
    ),
    ('[[gates]]\nname = "up"\nhttp = "h:1"', "gates[0].http: expected a URL that begins with http://"),
    ("[wacth]", "c:1: wacth: expected watch, found the unknown key"),
    (
        "x = 1",
        (
            "c:1: x: expected one of engines, services, startups, pressure, prometheus, indicators, watch, recording, "
            "rollout, gates, policy, windows, freezes, arming, screen"
        ),
    ),
    ("[watch]\n\nsampel = '2s'", "c:3: watch.sampel: expected sample, found the unknown key"),
    ("[startups]\nkeep_s = 5", "c:2: startups.keep_s: expected keep, found the unknown key"),
    ("watch = 3", "c:1: watch: expected a table, found 3"),
    ("[engines]\nname = 'a'", "c:1: engines: expected an array of tables, found a table"),
    ("engines = [3]", "c:1: engines[0]: expected a table, found 3"),
    ("[watch]\nsample = 2", "c:2: watch.sample: expected a duration with its unit"),
    ("[watch]\nsample = '2'", 'found "2"'),
    ("[watch]\nsample = '2 s'", "expected a duration"),
    ("[watch]\nsample = '-2s'", "expected a duration"),
    ("[watch]\nsample = '99999999999d'", "watch.sample: expected a duration of numbers of at most 9 digits"),
    ("[watch]\nsample = '2h2h'", "expected a duration"),
    ("[watch]\nsample = 02:00:00", "found the time 02:00:00"),
    ("[watch]\nsample = '10m'", 'at least 200ms and at most 1m, found "10m"'),
    ("[startups]\nkeep = '0s'", 'more than 0 and at most 7d, found "0s"'),
    ("[startups]\nkeep = '8d'", "at most 7d"),
    ("[startups]\nkeep_startups = 1.5", "expected a whole number, found 1.5"),
    ("[startups]\nkeep_startups = 5", "expected a whole number, at least 100 and at most 1000000, found 5"),
    ("[watch]\ninspects_at_once = true", "expected a whole number, found true"),
    ("[watch]\nsnapshots_per_s = nan", "expected a number, more than 0 and at most 30, found nan"),
    ("[watch]\nsnapshots_per_s = '4'", 'expected a number, found "4"'),
    ("[pressure]\ncpu_busy = 0.2", 'expected a share in per cent, as in "20%", found 0.2'),
    ("[pressure]\ncpu_busy = '20'", "expected a share in per cent"),
    ("[pressure]\ncpu_busy = 'x%'", "expected a share in per cent"),
    ("[pressure]\ncpu_saturated = '120%'", 'more than 0 and at most 100%, found "120%"'),
    (
        "[pressure]\ncpu_busy = '60%'",
        "c:2: pressure.cpu_busy: expected less than cpu_saturated (50%), found 60%",
    ),
    (
        "[pressure]\nio_saturated = '5%'",
        "c:1: pressure.io_busy: expected less than io_saturated (5%), found 5%",
    ),
    (
        "[pressure]\nengine_busy = '2s'",
        "pressure.engine_busy: expected less than engine_saturated (1s), found 2s",
    ),
    ("[startups]\nlate = '7h'", "c:2: startups.late: expected at most startups.keep (6h), found 7h"),
    ("[startups]\nkeep = '2m'", "expected at most startups.keep (2m)"),
    ("[screen]\nwindow = '7h'", "c:2: screen.window: expected at most startups.keep (6h), found 7h"),
    ("[prometheus]\nurl = 'prod:9090'", "c:2: prometheus.url: expected http:// or https://, a host"),
    (
        "[prometheus]\nurl = 'http://a:b@prod'",
        "c:2: prometheus.url: a user or a password in the address is not",
    ),
    ("[prometheus]\nurl = 'http://prod/?q=1'", "without anything after a ?"),
    (
        "[prometheus]\nuser = 'ops'",
        "c:2: prometheus.user: expected password_file or password_command with it",
    ),
    ("[prometheus]\npassword_file = 'x'", "c:2: prometheus.password_file: expected prometheus.user with it"),
    ("[prometheus]\ntoken_file = 'x'\ntoken_command = 'y'", "c:3: prometheus.token_command: expected either"),
    ("[prometheus]\nuser = 'u'\npassword_file = 'x'\ntoken_file = 'y'", "expected either user or a token"),
    ("[prometheus]\nkey_file = 'x'", "prometheus.key_file: expected certificate_file with it"),
    ("[prometheus]\nscrape = '10m'", "prometheus.scrape: expected a duration with its unit"),
    ("[prometheus]\nrefresh = 5", "prometheus.refresh: expected a duration with its unit"),
    (
        "[prometheus.instances]\na = ','",
        "c:2: prometheus.instances.a: expected instances separated by commas",
    ),
    (
        "[prometheus.expressions]\nnope = 'x'",
        "c:2: prometheus.expressions.nope: expected one of allocation, cpu",
    ),
    ("[prometheus.expressions]\ncpu = ''", "c:2: prometheus.expressions.cpu: expected PromQL, found none"),
    ("[rollout]\ncanary = '0'", 'c:2: rollout.canary: expected at least 1, found "0"'),
    ("[rollout]\nbatch = '25\"'", 'c:2: rollout.batch: expected "auto", a number or a share in per cent'),
    ("[rollout]\npace = '0'", 'c:2: rollout.pace: expected "auto" or a number from 1 to 1000, found "0"'),
    ("[rollout]\norder = 'both'", 'c:2: rollout.order: expected "auto", "start-first" or "stop-first"'),
    ("[rollout]\npause_after = ['end']", 'c:2: rollout.pause_after[0]: expected "canary" or "batch"'),
    ("[rollout.gates]\nratio = ' '", "c:2: rollout.gates.ratio: expected a gate's name and its value"),
    ("[[indicators]]\npromql = 'x'", "c:1: indicators[0].name: expected a name of at most 20"),
    ("[[indicators]]\nname = 'cpu'\npromql = 'x'", "expected a name that no other indicator has"),
    ("[[indicators]]\nname = 'a'", "c:1: indicators[0]: expected promql, found none"),
    (
        "[[indicators]]\nname = 'a'\npromql = 'x'\nbusy = 2\nsaturated = 1",
        "busy: expected less than saturated (1)",
    ),
    ("[[indicators]]\nname = 'a'\nper = 'host'", 'indicators[0].per: expected "engine" or "service"'),
    ("[screen]\nutc = 'yes'", 'screen.utc: expected true or false, found "yes"'),
    ("[screen]\nascii = 1", 'screen.ascii: expected "auto", true or false, found 1'),
    ("[screen]\ntheme = 'pink'", 'expected "auto", "dark", "light", "colour-blind" or "ansi", found "pink"'),
    ("[screen]\ntheme = ['dark']", "found an array"),
    ("[screen.keys]\nhelp = 1", "c:2: screen.keys.help: expected a text in quotes, found 1"),
    ("[screen.keys]\nhelp = ' '", "screen.keys.help: expected keys separated by commas"),
    ("[services]\ngroup_by = 'a'", 'services.group_by: expected an array of values, found "a"'),
    ("[services]\ngroup_by = [\n'a',\n'b c']", "c:2: services.group_by[1]: expected a label, or several"),
    ("[services]\ngroup_by = ['a+']", "services.group_by[0]: expected a label"),
    ("[services]\ngroup_by = ['']", "services.group_by[0]: expected a label"),
    ("[services]\ngroup_by = ['a', 'a']", "services.group_by[1]: expected each rule once"),
    ("[[engines]]\nname = 'a'", "c:1: engines[0]: expected a host"),
    ("[[engines]]\nhost = 'ftp://x'", "c:2: engines[0].host: 'ftp://x': expected unix://, tcp:// or ssh://"),
    ("[[engines]]\nhost = 'a b'", "engines[0].host: expected unix://, tcp:// or ssh:// and an address, or"),
    ("[[engines]]\nhost='a'\nname='x y'", "c:3: engines[0].name: expected at most 40 letters"),
    (
        "[[engines]]\nhost='a'\nname='x'\n[[engines]]\nhost='b'\nname='x'",
        'c:6: engines[1].name: expected a name that engines[0] does not have, found "x"',
    ),
    ("a = = 1", "c:1:5: not TOML:"),
    ("a = 1\na = 2", "c:2: not TOML: Cannot overwrite a value"),
    ("a = [", "c:1: not TOML:"),
    ("a = " + "[" * 5000, "c: is nested too deeply"),
    ("a = " + "9" * 5000, "c: not TOML:"),
    ('"\\u001b[31m" = 1', 'found the unknown key "\\u001b[31m"'),
    ("[watch]\nsample = '" + "x" * 500 + "'", 'x…"'),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[expected[:40] for _, expected in MISTAKES])
def test_a_mistake_is_one_harmless_line_that_tells_what_and_where(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "c")
    line = str(caught.value)
    assert expected in line
    assert line.isprintable()
    assert line.startswith("c:")
    assert len(line) < 300


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("[[engines]]\nhost = 'tcp://ops:hunter2@prod'")
    assert "hunter2" not in str(caught.value)


def test_without_a_file_in_the_default_place_the_defaults_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "default_path", lambda: tmp_path / "config.toml")
    assert load() == Settings()


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "config.toml")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[screen]\nutc = true\n")
    assert load(path).screen.utc


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a = 1\nb = '\xff'", ":2: expected UTF-8, found the byte 0xff"),
        (b"#" * 1_000_001, "found more than 1000000 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(expected)):
        load(path)


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can not be read: is a directory"):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="found a device, pipe or socket"):
        load(tmp_path / "pipe")


def test_a_file_that_anyone_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="anyone may write to it; run `chmod o-w`"):
        load(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_someone_else_is_used_only_if_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    os.chown(path, 12345, -1)
    assert load(path) == Settings()
    monkeypatch.setattr(config, "default_path", lambda: path)
    with pytest.raises(ConfigError, match="belongs to user 12345, neither to you nor to root"):
        load()


def test_a_file_that_may_not_be_read_is_told(unprivileged: Path) -> None:
    path = unprivileged / "config.toml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match="can not be read: permission denied"):
        load(path)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder, as someone sees it who may not read everything: root becomes nobody for the while."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.chown(folder, NOBODY, -1)
        os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)
