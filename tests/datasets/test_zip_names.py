"""Names in zips that do not say how they are written: what they are read as, and what is said."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections import Counter
from pathlib import Path

import pytest

from featclass.base.errors import DatasetError
from featclass.base.records import Image
from featclass.cli.inputs import list_inputs
from featclass.datasets import (
    CODE_PAGES,
    ZipListing,
    files_of_zip,
    read,
    read_zip,
)
from featclass.datasets.zips import code_pages, languages
from featclass.datasets.zips.code_pages import chosen
from featclass.server.batches.pictures import of_zip
from tests.datasets import names as people
from tests.datasets.raw_zips import picture, zip_of
from tests.people import JAPANESE


def encoded(classes: tuple[str, ...] | list[str], code: str) -> list[bytes]:
    return [f"{name}/{i}.jpg".encode(code) for name in classes for i in range(4)]


def listing(data: bytes, names: str | None = None) -> ZipListing:
    return files_of_zip(io.BytesIO(data), names=names)


def paths(data: bytes, names: str | None = None) -> list[str]:
    return [path for path, _ in listing(data, names).files]


def classes_of(data: bytes) -> dict[str | None, int]:
    return dict(Counter(image.label for image in read_zip(io.BytesIO(data)).images))


def drawn(language: str, code: str, count: int, seed: int) -> list[str]:
    """Draw names that Windows would write in this code page, rather than flag as UTF-8."""
    fitting = [
        name
        for name in people.NAMES[language].split()
        if not name.isascii() and name.encode(code, "ignore").decode(code) == name
    ]
    return random.Random(seed).sample(fitting, count)


# Of 60 zips: short names like 猫 alone are as good a text in another language.
@pytest.mark.parametrize(("count", "least"), [(1, 40), (2, 57), (3, 59), (5, 60)])
@pytest.mark.parametrize(
    ("language", "code"),
    [(language, code) for language, codes in people.CODE_PAGES.items() for code in codes],
)
def test_a_few_names_tell_their_code_page(language: str, code: str, count: int, least: int) -> None:
    right = wrong_and_sure = 0
    for seed in range(60):
        names = drawn(language, code, count, seed)
        raw = [name.encode(code) for name in names]
        choice = chosen(raw)
        is_right = [name.decode(choice.code) for name in raw] == names
        right += is_right
        wrong_and_sure += choice.is_clear and not is_right
    assert right >= least
    assert wrong_and_sure <= 1


@pytest.mark.parametrize("code", ["cp932", "gbk", "cp950", "cp949", "cp866", "cp850", "utf-8"])
def test_a_zip_of_explorer_or_of_a_mac_gives_the_classes_that_were_packed(code: str) -> None:
    language = next((name for name, codes in people.CODE_PAGES.items() if code in codes), "Korean")
    classes = drawn(language, code, 5, seed=1)
    assert classes_of(zip_of(encoded(classes, code))) == dict.fromkeys(classes, 4)


def test_a_letter_whose_second_byte_is_a_backslash_is_not_cut_in_two() -> None:
    assert "表面良好".encode("cp932")[1] == ord("\\")
    assert classes_of(zip_of(encoded(JAPANESE, "cp932"))) == dict.fromkeys(JAPANESE, 4)
    without_slashes = [raw.replace(b"/", b"\\") for raw in encoded(JAPANESE, "cp932")]
    assert classes_of(zip_of(without_slashes)) == dict.fromkeys(JAPANESE, 4)


def test_which_code_page_it_was_is_said_in_words(tmp_path: Path) -> None:
    file = tmp_path / "teile.zip"
    file.write_bytes(zip_of(encoded(JAPANESE, "cp932")))
    (note,) = read_zip(file).notes
    assert note.startswith(
        f"{file} does not say how its names are written; they were read as Japanese (CP932)."
    )
    assert "--zip-names" in note
    (neutral,) = files_of_zip(file).notes
    assert "--" not in neutral  # the page has no such option


def test_where_two_code_pages_are_about_as_likely_the_note_says_so() -> None:
    found = listing(zip_of(["蝴蝶/1.jpg".encode("gbk")]))
    (note,) = found.notes
    assert "but that is not certain" in note
    other = next(iter(found.alternatives))
    assert CODE_PAGES[other] in note
    assert found.alternatives[other][0] in note


def test_names_in_a_code_page_that_is_none_of_them_are_not_said_to_be_clear() -> None:
    polish = ["żółw", "źrebię", "mrówka", "świnia", "pająk", "łabędź", "gęś", "ćma"]
    assert not chosen([name.encode("cp852") for name in polish]).is_clear
    german = ["Bär", "Gänse", "Löwe", "Möwe", "Füchse", "Störche", "Kühe", "Mäuse"]
    assert chosen([name.encode("cp850") for name in german]).is_clear


@pytest.mark.parametrize(
    "names",
    [
        ["cats/a.jpg", "dogs/b.jpg"],
        ["Bären/1.jpg", "Füchse/2.jpg"],
        ["表面良好/1.jpg", "γάτα/2.jpg", "🐈/3.jpg", "ə/4.jpg", "gəlincik/5.jpg"],
        ["ə/1.jpg"],
    ],
)
@pytest.mark.parametrize("is_flagged", [True, False])
def test_ascii_and_utf8_are_never_taken_for_anything_else(
    names: list[str], is_flagged: bool
) -> None:
    found = listing(zip_of(names if is_flagged else [name.encode() for name in names]))
    assert [path for path, _ in found.files] == sorted(names)
    assert (found.code, found.notes, dict(found.alternatives)) == ("utf-8", (), {})


def test_a_word_of_two_letters_that_is_utf8_by_chance_is_read_as_what_people_write() -> None:
    assert "图片".encode("gbk").decode("utf-8") == "ͼƬ"
    assert paths(zip_of(["图片/1.jpg".encode("gbk")])) == ["图片/1.jpg"]


def test_names_that_say_how_they_are_written_stay_beside_those_that_do_not() -> None:
    mixed: list[bytes | str] = [*encoded(JAPANESE, "cp932"), "Gänseblümchen/1.jpg", "ascii/1.jpg"]
    assert {path.split("/")[0] for path in paths(zip_of(mixed))} == {
        *JAPANESE,
        "Gänseblümchen",
        "ascii",
    }


def unicode_path(text: str, raw: bytes) -> bytes:
    data = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + text.encode()
    return struct.pack("<HH", 0x7075, len(data)) + data


def test_a_name_that_is_also_given_in_utf8_is_read_from_there_unless_it_is_of_another_name() -> (
    None
):
    raw = b"????/1.jpg"
    right, stale = unicode_path("żółw/1.jpg", raw), unicode_path("żółw/1.jpg", b"old/name.jpg")
    before = struct.pack("<HH", 0x5455, 5) + b"\x01" + bytes(4)  # a time, as Info-ZIP writes it
    assert paths(zip_of([raw], extras={0: before + right})) == ["żółw/1.jpg"]
    assert paths(zip_of([raw], extras={0: stale})) == ["????/1.jpg"]


@pytest.mark.parametrize("code", ["cp932", "932", "Shift-JIS", "sjis", " CP932 "])
def test_a_person_can_say_how_the_names_are_written(code: str) -> None:
    data = zip_of(["ﾘﾝｺﾞ/1.jpg".encode("cp932"), "ﾐｶﾝ/22.jpg".encode("cp932")])
    found = listing(data, code)
    assert [path for path, _ in found.files] == ["ﾐｶﾝ/22.jpg", "ﾘﾝｺﾞ/1.jpg"]
    assert (found.code, found.notes) == ("cp932", ())


def test_the_code_page_that_was_named_reaches_the_classes(tmp_path: Path) -> None:
    file = tmp_path / "zwierzęta.zip"
    file.write_bytes(zip_of([name.encode("cp852") for name in ("żółw/1.jpg", "źrebię/2.jpg")]))
    dataset = read(file, zip_names="cp852")
    assert (dataset.classes, dataset.notes) == (("źrebię", "żółw"), ())
    assert read_zip(file, zip_names="852").classes == ("źrebię", "żółw")
    assert read(file).classes != ("źrebię", "żółw")


def test_a_code_page_that_was_named_wins_over_what_looks_like_utf8() -> None:
    data = zip_of(["石头男/1.jpg".encode("gbk")])
    assert paths(zip_of(["żółw/1.jpg".encode("cp852")]), "cp852") == ["żółw/1.jpg"]
    assert paths(data, "gb2312") == ["石头男/1.jpg"]
    utf8_by_chance = zip_of(["там/1.jpg".encode("cp866")])
    assert paths(utf8_by_chance) != ["там/1.jpg"]
    assert paths(utf8_by_chance, "866") == ["там/1.jpg"]


@pytest.mark.parametrize(
    "code", ["klingon", "", "utf-16", "cp037", "rot13", "zlib", "123456", "a\0"]
)
def test_a_code_page_that_there_is_not_is_refused_with_those_there_are(code: str) -> None:
    with pytest.raises(DatasetError, match=r"There is no code page .* utf-8, cp932, gbk, cp950"):
        listing(zip_of(["cats/1.jpg"]), code)


def test_a_code_page_that_has_not_all_the_names_is_refused_with_those_that_have() -> None:
    with pytest.raises(DatasetError, match=r"The zip holds names that are not UTF-8, .* cp932"):
        listing(zip_of(encoded(JAPANESE, "cp932")), "utf-8")


def test_other_readings_are_of_the_same_files_in_the_same_order() -> None:
    found = listing(zip_of(encoded(["猫", "犬", "鳥類"], "cp932")))
    assert found.code == "cp932"
    assert {"cp850", "cp866"} <= found.alternatives.keys() <= CODE_PAGES.keys() - {"cp932"}
    for code, other in found.alternatives.items():
        back = [path.encode(code).decode("cp932") for path in other]
        assert back == [path for path, _ in found.files]
    with pytest.raises(KeyError):
        found.alternatives["cp932"]


def test_code_pages_that_read_the_same_text_are_no_alternatives_of_each_other() -> None:
    found = listing(zip_of(encoded(["Bären", "Füchse", "Löwen"], "cp850")))
    assert found.code == "cp850"
    assert "cp437" not in found.alternatives


def test_a_backslash_divides_folders_only_where_no_entry_has_a_slash() -> None:
    assert paths(zip_of([b"cats\\a.jpg", b"dogs\\b.jpg"])) == ["cats/a.jpg", "dogs/b.jpg"]
    assert paths(zip_of([b"AC\\DC/a.jpg", b"dogs/b.jpg"])) == ["AC\\DC/a.jpg", "dogs/b.jpg"]


def test_names_read_otherwise_lead_nowhere_either() -> None:
    raw = [b"..\\..\\" + name.replace(b"/", b"\\") for name in encoded(JAPANESE, "cp932")]
    found = listing(zip_of(raw))
    everything = [path for path, _ in found.files] + [
        p for o in found.alternatives.values() for p in o
    ]
    assert not any(part in ("", ".", "..") for path in everything for part in path.split("/"))


def test_as_much_text_as_a_zip_may_hold_is_weighed_in_part_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weighed = Counter[str]()
    kind = type(languages.JAPANESE)
    whole = kind.log_likelihood

    def counted(self: object, word: str) -> float:
        weighed[word] += 1
        return whole(languages.JAPANESE, word)

    monkeypatch.setattr(kind, "log_likelihood", counted)
    rng = random.Random(1)
    kanji = "".join(people.NAMES["Japanese"].split())
    names = ["".join(rng.choices(kanji, k=200)).encode("cp932") for _ in range(3000)]
    assert chosen(names).code == "cp932"
    assert sum(map(len, weighed)) <= 4 * code_pages._TOLD_BY


def test_zips_to_predict_and_batches_are_read_alike(tmp_path: Path) -> None:
    file = tmp_path / "new.zip"
    file.write_bytes(zip_of(encoded(JAPANESE, "cp932")))
    right = {f"{name}/{i}.jpg" for name in JAPANESE for i in range(4)}
    images = [each() for each in list_inputs([file])]
    assert {image.name.removeprefix(f"{file}/") for image in images} == right
    assert all(isinstance(image, Image) for image in images)
    assert set(of_zip(file, max_unpacked=10**6).sources) == right


def test_the_code_page_that_was_named_reaches_the_pictures_to_predict(tmp_path: Path) -> None:
    file = tmp_path / "new.zip"
    file.write_bytes(zip_of([name.encode("cp852") for name in ("żółw/1.jpg", "źrebię/2.jpg")]))
    images = [one() for one in list_inputs([file], zip_names="cp852")]
    assert {image.name for image in images} == {f"{file}/żółw/1.jpg", f"{file}/źrebię/2.jpg"}


def test_an_entry_is_unpacked_whatever_its_name_was_read_as() -> None:
    files = listing(zip_of(encoded(JAPANESE, "cp932"))).files
    assert {source.read() for _, source in files} == {picture(i) for i in range(12)}
