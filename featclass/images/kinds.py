"""What a file is that is no picture featclass reads, by its first bytes, and what to do about it.

Names and endings are not looked at: a web page saved as `cat.jpg` is a web page.
"""

from __future__ import annotations

import re
from typing import Final

SNIFFED_BYTES: Final = 512
"""As many first bytes of a file are enough to recognise its kind."""

RAW_PHOTO: Final = "a raw photo of a camera; export it as JPEG"
_EXPORT: Final = "; export it as JPEG or PNG"
_UNPACK: Final = "; unpack it and give the pictures"
_SHORTCUT: Final = "; give the picture that it leads to"
_AGAIN: Final = "; download the picture itself"

_SPACE: Final = rb"(?:\xef\xbb\xbf)?\s*"
_PROLOGUE: Final = (
    rb"(?>(?:<!--(?:(?!-->).)*-->|<\?(?!xpacket)[^>]*>|<!(?i:doctype)\s+(?!html)[^>]*>|\s)*)"
)
_PICTURE_NAME: Final = rb"[^\0-\x1f\"<>|*?]{1,250}\.(?i:jpe?g|png|webp|gif|bmp|tiff?|heic|avif)"


def kind_of(start: bytes) -> str | None:
    """Name what is no picture of a format featclass reads, with the remedy after a semicolon.

    Args:
        start: The first bytes of a file, of which 512 are enough.

    Returns:
        Words such as `a 7z archive; unpack it and give the pictures`, or None where the bytes
        are of no known kind: they may be a picture, or anything.
    """
    sniffed = start[:SNIFFED_BYTES]
    return next((name for pattern, name in _KINDS if pattern.match(sniffed)), None)


_ARCHIVES: Final = (
    (
        rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|(?:word|ppt|xl)/)",
        "an Office file; save its pictures one by one",
    ),
    (
        rb"PK\x03\x04.{26}mimetypeapplication/(?:vnd\.oasis|epub|vnd\.sun)",
        "a document of an office program; save its pictures one by one",
    ),
    (rb"PK\x03\x04.{26}mimetype(?:application/x-krita|image/openraster)", "a painting" + _EXPORT),
    (rb"PK(?:\x03\x04|\x05\x06|\x07\x08|00PK\x03\x04)", "a zip archive" + _UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive" + _UNPACK),
    (rb"Rar!\x1a\x07", "a RAR archive" + _UNPACK),
    (rb".{257}ustar", "a tar archive" + _UNPACK),
    (rb"\x1f[\x8b\x9d\xa0]", "a gzip archive (.gz, .tar.gz)" + _UNPACK),
    (rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "a bzip2 archive (.bz2, .tar.bz2)" + _UNPACK),
    (rb"\xfd7zXZ\0|LZIP|\x5d\0\0[\0-\xff]{2}\xff{8}", "an xz archive (.xz, .tar.xz)" + _UNPACK),
    (rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18", "a Zstandard archive (.zst)" + _UNPACK),
    (rb"\x04\x22\x4d\x18", "an lz4 archive" + _UNPACK),
    (
        rb"MSCF\0{4}|ISc\(|.{2}-lh[0-9a-z]-|\x60\xea|SIT!|StuffIt|xar!|!<arch>\n|.{7}\*\*ACE\*\*",
        "an archive" + _UNPACK,
    ),
)

_IN_PLACE_OF_A_PICTURE: Final = (
    (rb"(?:\0+|\xff+)\Z", "a file that was never filled; copy or download it again"),
    (
        rb"(?:\xef\xbf\xbd|\xc2\x89|\?|\x09)?PNG(?:\r?\n|\r)[\x1a\x20]?\r?\n|\x89PNG\n|\x89PNG\r\n\n"
        rb"|(?:\xef\xbf\xbd){3}|\xc3\xbf\xc3\x98\xc3\xbf",
        "a picture copied as if it were text, which destroys it; copy or download it again",
    ),
    (rb"version https://(?:git-lfs|hawser)\.", "a Git LFS pointer; run git lfs pull"),
    (rb"/?(?:annex/objects/|(?:\.\./)*\.git/annex/)", "a git-annex pointer; run git annex get"),
    (rb"(?:md5|outs|meta|deps|wdir|frozen):[ \r\n].*?(?:md5|hash):", "a DVC pointer; run dvc pull"),
    (
        _SPACE + _PROLOGUE + rb"<(?i:!doctype\s+html|html|head|body|script|title|meta\s)",
        "a web page saved in place of the picture" + _AGAIN,
    ),
    (
        rb"(?:From: <Saved by |MIME-Version:|(?:Return-Path|Received|Delivered-To): )",
        "an e-mail or a saved web page; save the picture from it",
    ),
    (
        _SPACE + _PROLOGUE + rb"<(?:\w+:)?(?i:error|code|message|fault|response|accessdenied)\b",
        "an error message of a server saved in place of the picture" + _AGAIN,
    ),
    (
        _SPACE + rb"\{[^{}\[\]]{0,200}?\"(?i:errors?|error_\w+|message|detail|statuscode)\"\s*:",
        "an error message of a server saved in place of the picture" + _AGAIN,
    ),
    (
        _SPACE + rb"(?i:<h1>|(?:error:? )?(?:[45]\d\d:? )?"
        rb"(?:not found|forbidden|access denied|unauthori[sz]ed|bad gateway|too many requests))",
        "an error message of a server saved in place of the picture" + _AGAIN,
    ),
    (rb"data:image/|/9j/4[A-Za-z0-9+/]|iVBORw0KGgo", "a picture as text (Base64)" + _AGAIN),
    (_PICTURE_NAME + rb"\s*\Z", "the name of a picture in place of the picture" + _SHORTCUT),
    (rb"L\0\0\0\x01\x14\x02\0", "a shortcut of Windows (.lnk)" + _SHORTCUT),
    (
        _SPACE + rb"\[(?:\{[0-9A-F-]{36}\}|InternetShortcut)\]|\[DEFAULT\]\s+BASEURL=",
        "a shortcut to a web page (.url)" + _AGAIN,
    ),
    (_SPACE + rb"(?:#[^\n]*\n)?\s*\[Desktop Entry\]", "a shortcut (.desktop)" + _SHORTCUT),
    (rb"book\0{4}mark\0{4}", "an alias of a Mac" + _SHORTCUT),
    (
        rb"bplist0\d.*(?:URL|NSURL)",
        "a link or a placeholder of a Mac (.webloc, .icloud)" + _AGAIN,
    ),
    (
        _SPACE + rb"<\?xml.*<plist.*<key>URL",
        "a link to a web page (.webloc)" + _AGAIN,
    ),
    (rb"\0\x05\x16[\x00\x07]\0[\x01\x02]", "what a Mac notes of a file (._); give the file itself"),
)

_PICTURES: Final = (
    (rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture" + _EXPORT),
    (rb"\0\0\0\x0cjP(?:  |\x1a\x1a)\r\n\x87\n|\xff\x4f\xff\x51", "a JPEG 2000 picture" + _EXPORT),
    (rb"II\xbc[\0\x01]", "a JPEG XR picture" + _EXPORT),
    (rb".{128}DICM|\x08\0[\0\x05\x08]\0(?:UL|CS|UI|[\x04-\x40]\0\0\0)|\x02\0\0\0UL\x04\0",
     "a DICOM picture" + _EXPORT),
    (rb"\0\0[\x01\x02]\0[^\0]\0.{3}\0", "an icon or a cursor (.ico, .cur)" + _EXPORT),
    (rb"RIFF.{4}ACON", "a moving cursor (.ani)" + _EXPORT),
    (rb"icns", "an icon of a Mac (.icns)" + _EXPORT),
    (rb"v/1\x01|#\?(?:RADIANCE|RGBE)", "a picture of high dynamic range (.exr, .hdr)" + _EXPORT),
    (rb"8BPS\0[\x01\x02]", "a Photoshop file" + _EXPORT),
    (rb"gimp xcf ", "a GIMP file" + _EXPORT),
    (
        rb"Paint Shop Pro Image|\0\xffKA|PDN3|CSFCHUNK|RIFF.{4}CDR|\x06\x06\xed\xf5|BLENDER",
        "a file of a drawing program" + _EXPORT,
    ),
    (
        _SPACE + rb"(?:<\?xml.*|<!--.*|<!DOCTYPE )?(?:<(?:svg:)?svg\b|svg )",
        "an SVG drawing" + _EXPORT,
    ),
    (
        rb"\x01\0\0\0.{36} EMF|\xd7\xcd\xc6\x9a|[\x01\x02]\0\x09\0\0[\x01\x03]",
        "a drawing of Windows (.emf, .wmf)" + _EXPORT,
    ),
    (rb"AC10\d\d|\s*0\r?\nSECTION", "a technical drawing (.dwg, .dxf)" + _EXPORT),
    (rb"AT&TFORM", "a DjVu document" + _EXPORT),
    (rb"SIMPLE  =", "a picture of astronomers (FITS)" + _EXPORT),
    (rb"DDS |\xabKTX ", "a texture of a game (.dds, .ktx)" + _EXPORT),
    (
        rb".(?:\0[\x02\x03\x0a\x0b]\0{5}.{8}[\x08\x10\x18\x20]|\x01[\x01\x09]\0{2}.{2}[\x10\x18\x20].{8}\x08)"
        rb"[\0-\x3f]",
        "a TGA picture" + _EXPORT,
    ),
    (rb"qoif|FLIF|BPG\xfb|\x8aMNG|\x8bJNG|P[7Ff]\s", "a picture of a rare kind" + _EXPORT),
    (
        rb"\x01\xda[\0\x01][\x01\x02]|\x59\xa6\x6a\x95|FORM.{4}(?:ILBM|PBM )"
        rb"|\x0a[\0\x02-\x05]\x01[\x01\x02\x04\x08]",
        "a picture of an old kind" + _EXPORT,
    ),
    (rb"#define \w+_width |/\* XPM", "a picture written as text (.xbm, .xpm)" + _EXPORT),
    (
        rb"ZISRAWFILE|\xda\xce\xbe\x0a|\x70\0\0\0.{4}\x2a|BigDataViewer",
        "a file of a microscope (.czi, .nd2, .lif); export it as TIFF or PNG",
    ),
    (
        rb"NRRD000|.{344}(?:n\+1|ni1)\0|ObjectType\s*=\s*Image",
        "a medical scan (.nrrd, .nii, .mha)" + _EXPORT,
    ),
    (
        rb"FUJIFILMCCD-RAW|IIU\0|IIR[OS]|MMOR|FOVb|\0MR[MI]|II.{4}HEAPCCDR|.{4}ftypcrx ",
        RAW_PHOTO,
    ),
)  # fmt: skip

_OTHERS: Final = (
    (rb"%PDF|.{0,64}%PDF-\d|%!PS|\xc5\xd0\xd3\xc6", "a document; save its pages as pictures"),
    (rb"\{\\rtf", "a document; save its pictures one by one"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file; save its pictures one by one"),
    (
        rb".{4}ftypM4[AB] |ID3[\x02-\x04]|OggS|fLaC|RIFF.{4}WAVE|\xff[\xfb\xf3\xf2]",
        "a sound recording",
    ),
    (
        rb".{4}ftyp(?!.{0,60}(?:avi[fs]|he[iv][cxms]|mif1|msf1))"
        rb"|\0.{3}(?:moov|mdat|wide|free|skip)|\x1aE\xdf\xa3|RIFF.{4}AVI |FLV\x01"
        rb"|\0\0\x01[\xba\xb3]|0&\xb2u\x8ef\xcf\x11|G.{187}G.{187}G",
        "a film; save single frames of it as pictures",
    ),
    (
        rb"\x89HDF\r\n\x1a\n|\x93NUMPY|MATLAB 5|PAR1|ARROW1"
        rb"|\x80[\x02-\x05][\x5d\x7d\x63\x8c\x95\x28]",
        "a file of numbers; save its pictures one by one",
    ),
    (rb"SQLite format 3\0", "a database"),
    (rb"MZ.[\0\x01]|\x7fELF|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe", "a program"),
    (rb"wOF[F2]|OTTO\0|\0\x01\0\0\0.{7}|true\0|ttcf\0", "a font"),
    (rb"\0\0\0\x01Bud1|bplist0\d", "what a Mac notes of a folder"),
    (_SPACE + rb'\{(?:"\w+":(?:"[^"]*"|[\d.]+),)*?"(?:fr|ip|op|layers)":', "a Lottie animation"),
    (_SPACE + rb"(?:\{\s*[\"}]|\[\s*[\[{\"])", "a JSON file"),
    (_SPACE + rb"<\?(?:xml|xpacket)|" + _SPACE + rb"<[A-Za-z][\w:.-]*[\s>/]", "an XML file"),
    (
        rb"(?:\xff\xfe|\xfe\xff)[^\0]|(?:[\t-\r\x1b\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]"
        rb"|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+[\x80-\xff]{0,3}\Z",
        "text",
    ),
)

_KINDS: Final = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (*_IN_PLACE_OF_A_PICTURE, *_ARCHIVES, *_PICTURES, *_OTHERS)
)
