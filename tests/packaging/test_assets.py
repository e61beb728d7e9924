import pytest

from config import assets


def test_build_writes_stylesheet_and_script(tmp_path):
    stylesheet, script = assets.build(tmp_path)
    assert [stylesheet.name, script.name] == ["nhsuk.css", "nhsuk.js"]
    assert ".nhsuk-button" in stylesheet.read_text()
    assert "initAll" in script.read_text()


def test_built_files_ask_no_other_host(tmp_path):
    stylesheet, script = assets.build(tmp_path)
    text = stylesheet.read_text()
    assert assets.REMOTE.findall(text) == []
    assert "Frutiger" not in text
    assert "sourceMappingURL" not in text + script.read_text()


def test_build_leaves_equal_files_alone(tmp_path):
    before = [path.stat().st_mtime_ns for path in assets.build(tmp_path)]
    assert [path.stat().st_mtime_ns for path in assets.build(tmp_path)] == before


@pytest.mark.parametrize(
    "rule", ["a{background:url(https://x.example/a.png)}", "a{background:url('//x.example/a.png')}"]
)
def test_clean_refuses_what_is_left_of_other_hosts(rule):
    with pytest.raises(ValueError, match="another host"):
        assets.clean(rule)
