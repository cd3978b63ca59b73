from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from featclass import images
from featclass.base import config
from featclass.images.kinds import RAW_PHOTO, kind_of


def zipped(*names: str, first: bytes = b"x") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, first)
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("cats/1.jpg"), io.BytesIO())
    return file.getvalue()


def saved(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, kind)
    return file.getvalue()


JPEG_AS_TEXT = b"\xff\xd8\xff\xe0\0\x10JFIF".decode("utf-8", "replace").encode()
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
PAGE = b"\n<!-- saved -->\n<!DOCTYPE html><html lang='en'><head><svg></svg><title>Cat"
S3 = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
WEBLOC = b'<?xml version="1.0"?><!DOCTYPE plist><plist version="1.0"><dict><key>URL</key><string>'
ODT = zipped("mimetype", first=b"application/vnd.oasis.opendocument.text")
SVG = b'<?xml version="1.0"?>\n<!-- made -->\n<!DOCTYPE svg PUBLIC "-//W3C">\n<svg width="9">'
LOTTIE = b'{"v":"5.7.4","fr":60,"ip":0,"op":90,"w":512,"h":512,"nm":"cat","layers":[]}'

KINDS = {
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(40), "a 7z archive; unpack it"),
    "rar 4": (b"Rar!\x1a\x07\0" + bytes(40), "a RAR archive; unpack it"),
    "rar 5": (b"Rar!\x1a\x07\1\0" + bytes(40), "a RAR archive; unpack it"),
    "tar": (tarred(), "a tar archive; unpack it"),
    "tar.gz": (gzip.compress(tarred()), "a gzip archive (.gz, .tar.gz); unpack it"),
    "bz2": (bz2.compress(tarred()), "a bzip2 archive"),
    "xz": (lzma.compress(tarred()), "an xz archive"),
    "lzma": (lzma.compress(tarred(), lzma.FORMAT_ALONE), "an xz archive"),
    "zst": (b"\x28\xb5\x2f\xfd\x24\0" + bytes(20), "a Zstandard archive"),
    "zip": (zipped("cats/1.jpg"), "a zip archive; unpack it"),
    "empty zip": (zipped(), "a zip archive"),
    "docx": (zipped("[Content_Types].xml", "word/media/image1.png"), "an Office file; save its"),
    "odt": (ODT, "a document of an office program"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an old Office file"),
    "html": (PAGE, "a web page saved in place of the picture; download the picture itself"),
    "html, no type": (b"<html>\n<body>404", "a web page saved in place"),
    "xhtml": (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C"><html>', "a web page"),
    "mhtml": (b"From: <Saved by Blink>\r\nSnapshot-Content-Location:", "a saved web page"),
    "s3": (S3, "an error message of a server saved in place of the picture; download"),
    "json error": (b'{"status": 404, "message": "No such picture"}', "an error message of a ser"),
    "nested error": (b'{"error": {"code": 403, "message": "no"}}', "an error message of a server"),
    "text error": (b"404 Not Found\n", "an error message of a server"),
    "json": (b'{\n  "shapes": [{"label": "cat"}], "imagePath": "1.jpg"}', "a JSON file"),
    "voc": (b"<annotation>\n<folder>cats</folder>", "an XML file"),
    "xmp": (b"<?xpacket begin='' id='W5M0'?><x:xmpmeta>", "an XML file"),
    "jpeg as text": (JPEG_AS_TEXT, "a picture copied as if it were text, which destroys it"),
    "png as text": (b"\x89PNG\n\x1a\n\0\0\0\rIHDR", "a picture copied as if it were text"),
    "png replaced": (b"\xef\xbf\xbdPNG\r\n\x1a\n\0\0\0\rIHDR", "a picture copied as if"),
    "lfs": (LFS, "a Git LFS pointer; run git lfs pull"),
    "annex": (b"/annex/objects/SHA256E-s12--4d7a.jpg\n", "a git-annex pointer; run git annex get"),
    "dvc": (b"outs:\n- md5: 4d7a\n  path: 1.jpg\n", "a DVC pointer; run dvc pull"),
    "base64": (b"data:image/jpeg;base64,/9j/4AAQSkZJRg", "a picture as text (Base64)"),
    "symlink": (b"../../originals/IMG 0001.JPG", "the name of a picture in place of the picture"),
    "lnk": (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0" + bytes(60), "a shortcut of Windows (.lnk)"),
    "url": (b"[InternetShortcut]\r\nURL=https://example.org/\r\n", "a shortcut to a web page"),
    "webloc": (WEBLOC, "a link to a web page (.webloc)"),
    "icloud": (b"bplist00\xd1\1\2SURL_\x10\x14https", "a link or a placeholder of a Mac"),
    "alias": (b"book\0\0\0\0mark\0\0\0\0" + bytes(40), "an alias of a Mac; give the picture"),
    "._": (b"\0\5\x16\7\0\2\0\0Mac OS X        ", "what a Mac notes of a file"),
    "zeros": (bytes(3000), "a file that was never filled; copy or download it again"),
    "one zero": (b"\0", "a file that was never filled"),
    "jxl": (b"\xff\x0a\xfa\x1f\x41", "a JPEG XL picture; export it as JPEG or PNG"),
    "jxl box": (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", "a JPEG XL picture"),
    "jp2": (saved("JPEG2000"), "a JPEG 2000 picture; export it as JPEG or PNG"),
    "j2k": (b"\xff\x4f\xff\x51\0\x2f", "a JPEG 2000 picture"),
    "dicom": (bytes(128) + b"DICM\2\0\0\0UL\4\0", "a DICOM picture; export it as JPEG or PNG"),
    "dicom, no preamble": (b"\x08\0\5\0CS\x0a\0ISO_IR 100", "a DICOM picture"),
    "ico": (saved("ICO"), "an icon or a cursor (.ico, .cur); export it"),
    "cur": (b"\0\0\2\0\1\0\x20\x20\0\0\0\0\0\0" + bytes(40), "an icon or a cursor"),
    "icns": (saved("ICNS"), "an icon of a Mac"),
    "exr": (b"v/1\x01\2\0\0\0channels\0", "a picture of high dynamic range (.exr, .hdr); export"),
    "hdr": (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "a picture of high dynamic range"),
    "psd": (b"8BPS\0\1" + bytes(30), "a Photoshop file; export it as JPEG or PNG"),
    "psb": (b"8BPS\0\2" + bytes(30), "a Photoshop file"),
    "xcf": (b"gimp xcf v011\0", "a GIMP file"),
    "svg": (SVG, "an SVG drawing; export it as JPEG or PNG"),
    "svg, bare": (b"\xef\xbb\xbf <svg xmlns='x'>", "an SVG drawing"),
    "emf": (b"\1\0\0\0" + bytes(36) + b" EMF" + bytes(40), "a drawing of Windows"),
    "wmf": (b"\xd7\xcd\xc6\x9a\0\0" + bytes(40), "a drawing of Windows"),
    "djvu": (b"AT&TFORM\0\0\1\0DJVU", "a DjVu document"),
    "fits": (b"SIMPLE  =                    T / conforms", "a picture of astronomers (FITS)"),
    "dds": (saved("DDS"), "a texture of a game"),
    "ktx": (b"\xabKTX 20\xbb\r\n\x1a\n", "a texture of a game"),
    "tga": (saved("TGA"), "a TGA picture; export it as JPEG or PNG"),
    "pcx": (saved("PCX"), "a picture of an old kind"),
    "sgi": (saved("SGI"), "a picture of an old kind"),
    "qoi": (saved("QOI"), "a picture of a rare kind"),
    "cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", RAW_PHOTO),
    "raf": (b"FUJIFILMCCD-RAW 0201FF389501", RAW_PHOTO),
    "rw2": (b"IIU\0\x18\0\0\0" + bytes(40), RAW_PHOTO),
    "orf": (b"IIRO\x08\0\0\0" + bytes(40), RAW_PHOTO),
    "czi": (b"ZISRAWFILE\0\0\0\0\0\0" + bytes(40), "a file of a microscope"),
    "nifti": (b"\x5c\1\0\0" + bytes(340) + b"n+1\0" + bytes(100), "a medical scan"),
    "lottie": (LOTTIE, "a Lottie animation"),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a film; save single frames"),
    "old mov": (b"\0\0\1\0moov" + bytes(30), "a film"),
    "mkv": (b"\x1aE\xdf\xa3" + bytes(30), "a film"),
    "mp3": (b"ID3\4\0\0" + bytes(30), "a sound recording"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(30), "a file of numbers"),
    "npy": (b"\x93NUMPY\1\0v\0", "a file of numbers"),
    "thumbs of a Mac": (b"\0\0\0\1Bud1\0\0\x10\0", "what a Mac notes of a folder"),
    "utf-8 notes": ("Grüße, 你好\n".encode(), "text"),
    "utf-16 notes": ("notes".encode("utf-16"), "text"),
    "notes": (b"the free notes of 500 cats: not found yet\n", "text"),
}


@pytest.mark.parametrize("what", KINDS)
def test_a_file_of_another_kind_is_named_with_what_to_do_about_it(what: str) -> None:
    start, wanted = KINDS[what]
    kind = kind_of(start)
    assert kind is not None
    assert kind.startswith(wanted) or wanted in kind.split(" or ", 1)[-1]
    with pytest.raises(images.Unreadable) as refused:
        images.recognise(start)
    assert str(refused.value) == f"not a picture that featclass can read (it looks like {kind})"


@pytest.mark.parametrize(
    "format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "AVIF"]
)
def test_no_picture_is_taken_for_a_file_of_another_kind(format: str) -> None:
    assert images.recognise(saved(format)) in {format, "WebP", "BMP"}
    assert kind_of(saved(format)) is None


@pytest.mark.parametrize("start", [b"", b"\xe9\x01\x02\x03", b"\0\1\2\3\4\5\6\7\x08\x09"])
def test_bytes_of_no_known_kind_are_given_no_name(start: bytes) -> None:
    assert kind_of(start) is None


def heic() -> bytes:
    from pillow_heif import from_pillow

    file = io.BytesIO()
    from_pillow(Image.new("RGB", (64, 64), "red")).save(file)
    return file.getvalue()


def test_heic_is_read_unless_the_setting_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic()
    with images.decoded(data, max_pixels=10**6) as picture:
        assert picture.size == (64, 64)
    assert config.load().heic
    monkeypatch.setenv("FEATCLASS_HEIC", "0")
    assert not config.load().heic
    with pytest.raises(images.Unreadable, match=r"HEIC .*FEATCLASS_HEIC=0"):
        images.check(data, max_pixels=10**6)
    with pytest.raises(images.Unreadable, match="HEIC"), images.decoded(data, max_pixels=10**6):
        pass
    images.check(jpeg(), max_pixels=10**6)


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "JPEG")
    return file.getvalue()


def test_the_floors_of_what_reads_strangers_pictures_and_forms_are_mended_releases() -> None:
    written = Path(__file__).parents[2].joinpath("requirements.txt").read_text()
    floors = dict(re.findall(r"^([\w-]+)>=([\d.]+) +# \S", written, re.MULTILINE))
    least = {
        "pillow": (13, 0),
        "pillow-heif": (1, 8, 1),
        "starlette": (1, 3, 1),
        "python-multipart": (0, 0, 27),
        "torch": (2, 10),
    }
    for package, floor in least.items():
        assert tuple(map(int, floors[package].split("."))) >= floor
