"""How likely the text of a name is in a language: models of its letters, one for each code page.

The same bytes are a different text in every code page, and usually nonsense in all but one. Each
model gives a word's probability, letter by letter with regard to the letters beside it, as if it
were drawn from names in that language; the probabilities of one word in two code pages may be
compared, since they are of the same bytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import log
from typing import Final, Protocol

_ASCII: Final = log(1 / 40)
"""Of any ASCII character: alike in all, so that it decides nothing."""
_NONSENSE: Final = log(1e-6)
_OTHER: Final = log(1e-7)
"""Of a character that a code page has, but names have not."""


class Writing(Protocol):
    """The letters of a language."""

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of a word's probability; its digits are all "0"."""


class EastAsian:
    """Thousands of characters of two bytes, the frequent ones by their rank."""

    def __init__(
        self,
        codec: str,
        frequent: str,
        share: float,
        level: Callable[[bytes], int],
        others: Mapping[str, float],
    ) -> None:
        self._codec = codec
        self._level = level
        weights = [1 / (rank + 60) for rank in range(len(frequent))]
        scale = share / sum(weights)
        self._frequent = {
            character: log(scale * weight)
            for character, weight in zip(frequent, weights, strict=True)
        }
        self._others = {kind: log(probability) for kind, probability in others.items()}
        self._of = lru_cache(maxsize=10_000)(self._of_character)

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of a word's probability."""
        total, before = 0.0, ""
        for character in word:
            kind = _kind(character)
            total += self._of(character) + _beside(before, kind)
            before = kind
        return total

    def _of_character(self, character: str) -> float:
        if character.isascii():
            return _ASCII
        if character in self._frequent:
            return self._frequent[character]
        kind = _kind(character)
        if kind in ("han", "hangul"):
            kind += str(self._level(character.encode(self._codec, "replace")))
        if kind == "symbol" and character not in _EAST_SYMBOLS:
            return _OTHER if unicodedata.category(character) != "Co" else 3 * _OTHER
        return self._others.get(kind, _OTHER)


_EAST_SYMBOLS: Final = frozenset("　、。・「」『』【】（）〈〉《》～＿－！？：，．―…×○●△□☆★→℃①②③")
_SCRIPTS: Final = (
    ("kana", re.compile("[\u3040-\u30ff\u31f0-\u31ff]")),
    ("han", re.compile("[\u4e00-\u9fff\uf900-\ufaff々〆]")),
    ("hangul", re.compile("[\uac00-\ud7a3]")),
    ("half", re.compile("[\uff66-\uff9f]")),
    ("wide", re.compile("[０-９Ａ-Ｚａ-ｚ]")),
)
# How often writing changes from one kind of character to another within a word, and back.
_CHANGES: Final = {frozenset(("kana", "han")): log(0.4), frozenset(("small", "capital")): 0.0}
_CHANGE: Final = log(0.1)


def _kind(character: str) -> str:
    if character.isascii():
        return "" if not character.isalpha() else "small" if character.islower() else "capital"
    return next((kind for kind, pattern in _SCRIPTS if pattern.match(character)), "symbol")


def _beside(before: str, kind: str) -> float:
    if kind == "half" and not before:
        return log(0.01)
    if not before or not kind or before == kind:
        return 0.0
    return _CHANGES.get(frozenset((before, kind)), _CHANGE)


class Cyrillic:
    """Russian: nearly all letters are Cyrillic, small except in front."""

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of a word's probability."""
        total = 0.0 if _RUSSIAN_VOWELS & {*word.lower()} else log(0.1)
        before = before_that = ""
        for character in word:
            small = character.lower()
            if character.isascii():
                mixed = character.isalpha() and before.lower() in _RUSSIAN
                total += _ASCII + (log(0.02) if mixed else 0.0)
            elif small not in _RUSSIAN:
                total += log(1e-4) if character in "№°·" else _NONSENSE
            else:
                mixed = before.isascii() and before.isalpha()
                total += _RUSSIAN[small] + _case(before_that, before, character, 0.25)
                total += log(0.02) if mixed else log(0.05) if before == "0" else 0.0
            before_that, before = before, character
        return total


def _frequencies(letters: str, percent: str) -> dict[str, float]:
    numbers = [float(number) for number in percent.split()]
    total = sum(numbers)
    return {letter: log(number / total) for letter, number in zip(letters, numbers, strict=True)}


_RUSSIAN: Final = _frequencies(
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "11 8.5 8 7.4 6.7 6.3 5.5 4.7 4.5 4.4 3.5 3.2 3 2.8 2.6 2 1.9 1.7 1.7 1.7 1.6 1.4 1.2 1 0.9"
    " 0.7 0.6 0.5 0.4 0.3 0.3 0.04 0.04",
)
_RUSSIAN_VOWELS: Final = frozenset("аеёиоуыэюя")


class Western:
    """Letters of ASCII, and among them now and then one with an accent."""

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of a word's probability."""
        total = 0.0
        padded = f"  {word} "
        for place, character in enumerate(word, 2):
            before_that, before, after = padded[place - 2], padded[place - 1], padded[place + 1]
            if character.isascii():
                total += _ASCII
            elif character.lower() in _ACCENTED:
                total += _ACCENT + _ACCENTED[character.lower()]
                total += _case(before_that, before, character, 0.06, after)
                if character == "õ" and after != "e":
                    total += log(0.03)
                if character == "ß" and before.lower() not in _VOWELS:
                    total += log(0.01)
            elif character in _SYMBOLS:
                total += _symbol(before, character, after)
            else:
                total += _NONSENSE
        return total


_ACCENT: Final = log(0.15)
_ACCENTED: Final = _frequencies(
    "éäüöáóíçãøåèñàæúêßõâëôîûïìùòœÿýðþ",
    "16 11 10 9 7 7 5 5 5 5 5 4 4 3 3 2 2 2 1.5 1.5 1 1 1 1 0.7 0.3 0.3 0.3 0.1 0.02 0.1 0.05 0.05",
)
_SYMBOLS: Final = frozenset("°²µ½¼³±×£§©®™–—’“”„•…·€«»¿¡ªº‘‚")
_VOWELS: Final = frozenset("aeiouyäöüáéíóúàèìòùâêîôûåæøãõ")


def _symbol(before: str, character: str, after: str) -> float:
    is_at_a_number = before == "0" or (character in "½¼¾£" and before == " ")
    likely = _ACCENT + log((0.3 if is_at_a_number else 0.02) / 30)
    if before.isalpha() and after.isalpha():
        likely += log(0.2 if character == "’" else 0.005)
    return likely


def _case(before_that: str, before: str, character: str, in_front: float, after: str = "") -> float:
    """Return how well the case of a letter follows that of the letters before it."""
    if character == character.lower():
        shouted = before.isupper() and before_that.isupper()
        return log(0.05) if shouted else 0.0
    if not before.isalpha():
        return log(in_front)
    is_shouting = before.isupper() and (not after.isalpha() or after.isupper())
    return log(2 * in_front) if is_shouting else log(0.0005)


def _jis_level(character: bytes) -> int:
    return 1 if b"\x88\x9f" <= character <= b"\x98\x72" else 2


def _gb_level(character: bytes) -> int:
    if len(character) != 2 or character[1] < 0xA1:
        return 3  # only GBK has it
    return 1 if 0xB0 <= character[0] <= 0xD7 else 2 if 0xD8 <= character[0] <= 0xF7 else 3


def _big5_level(character: bytes) -> int:
    return 1 if 0xA4 <= character[0] <= 0xC6 else 2


# The most frequent characters of the languages that have thousands, the most frequent first, as
# counted in words of everyday texts; what classes are often called (animals, plants, food, faults
# of a product) stands higher than there. A longer list decides no more.
_KANJI: Final = (
    "大出子人合上学一生分日物見本不田手山中行用実気木取入食下立正込国野真小地白高川長新間事会自"
    "風水良付機美言切無車画動前作内原品発松引花金東通名体目馬方島定明部道理常当年場知思黒力神書"
    "成格外文戦天葉心線時後同全赤回持平業面代和法果直茶女青信割安海口来三飲有所西草開船多異検試"
    "意公月最社着習北性重井者家数主変連電証度流落肉石米楽解屋傷向鳥教類売受未味太関返感愛像先使"
    "化対乗谷勝相保色身写世象今査空加近産結強南放死郎語送雪雨打期晴話利民悪起光飛景現宮進決張読"
    "竹特元他集広聞村欠記抜過古治足追調少転選魚音久虫好初要義務能雲点土別崎仕表素報工汚員組殺梅"
    "沢市置伝続寺政黄経豆半京買様士台違牛園交根犬次指配梨止戸突二早振岡断消火形残終情藤武寄越桜"
    "親優撃反議王在男難熊津頭運城制香門論住投可都御待吉質緑料役番問朝渡桃失福焼急増江想院命橋共"
    "夜何校助亀歌計里然栗的応帰麦装千深押満座奈呼収絶演設友式紫考覚確苦予任限路支軍休志離走差守"
    "尾造病替活由字丸歩破波参達佐始掛以猫夫器育職得虎細遊笑科量遠極種鉄速防薬退卵備店総灰居熱位"
    "界蛇説払観血横兵題望猿視製春清判星町示告冷瀬減負単伊倒害司富蜂逃八団降修官若館羊散球権幸吹"
    "状豚母河認"
)
_SIMPLIFIED: Final = (
    "一不人大国中子学机斯有会分生上尔出地家金来小天马面行发法车性合下十物年三多文心动时特公长成"
    "格高花风水白主无正里自市品电区开西利事克部化图新山力民拉为之工用业红德常片者理集安海体美其"
    "个县日过米作方手名黑本黄第二证头病外政果全亚点加到明以类数是东南好得平试重道军科经可定制料"
    "香后同这于门照万进员他场云能实意前内女路通两四教鱼度气情未象战入五起王关草口相阿华产网北老"
    "信景百属代光交布树报城在异期所像要划线对船罗测说林回康流保巴牛当书基验现叶色身神雨台比量卡"
    "院务打尼州建良义位权世达张雪间太然队乐表空系语菜管处爱原运器立纸资如鸡联总儿商刀传绿河去清"
    "石健维局解计几真饭看我球蓝种虎放练士坏单师夫结强应火星茶兰次见狗共缺变训式任江想视反感而治"
    "千元龙收受此李转八论鸟声别虫最话六选团豆程节提纳羊件知周损阳接装死着党污干费活级组影灰难记"
    "音社广统调目古热言委司界瓜游波那服术英猪桃带首先赛紫议猫条普裂观和设号指武取价命字眼月九专"
    "质没少导族官连非精塑深样案形史边的七向青鼠直奥查省领失府油陷源熊了改因哈木房双半校纹奇问型"
    "狼标办各福铁防伊们从雷包复飞土么思亲展率客农步塔落及造约击血住鹿沙玻蛇宝医营职版满皮兴岛剪"
    "演远兵离易护狮汉卫葡极列药规画密何食璃快求站将蜂京近吉推走称整修苏等威萨育博告技算考根萄角"
    "环决持友超备志使认园至警班支由足争投压狐洛剧群宁鸭鹅兔猴龟蛙蝶蚁苹梨杏橙橘柠蕉莓茄痕晴垃圾"
    "焊容息纪只创消题托杀派还参排存"
)
_TRADITIONAL: Final = (
    "一不人大國中子學機斯有會分生上爾出地家金來小馬天行法車性下合十物年三多文發心動時特公長格成"
    "花高風水白主正無自品市電區開西利事部化新山圖力民克拉之工用業德紅者常理片安海集體美個縣其日"
    "過作米方手名本第黑二黃頭外證政病全果亞面點加到明以數類是東南好得平重試道軍科經可定這同香門"
    "萬進員場照能實意他前內於女路通雲兩後四教魚度氣情未象戰入五起王關草口相阿華產網北老信景百屬"
    "代光交報城樹在期異所要線對像羅船說測林流保康巴書基牛現色驗身神當葉比量雨卡院務裏打尼州建義"
    "位良權制世達張雪間里太然回隊臺樂空語菜管處愛原運器立紙資如聯雞表總兒商刀傳綠河去清石健維解"
    "計真看幾飯我球局藍種虎放練士單壞師結強應火星夫蘭茶次見狗共缺變式訓任江布想視反感而治千元龍"
    "收受此李轉八鳥論聲最蟲話六選別豆程節提納羊件知團損陽接裝膠死費活污級黨組影難記灰音社廣統調"
    "目古熱言委司界波那瓜服英帶術首豬先桃賽議條紫普貓觀和設裂號指武取價命字眼月九專質沒少系導族"
    "官連非精深樣案塑形史邊的七青直奧查省鼠領失府油源改因哈向陷熊木遊房雙半校奇問紋型標辦各福狼"
    "鐵防伊們從雷包飛土麼思親展率客農步塔落及造約擊血住沙寶醫營職鹿玻蛇版滿皮興島演遠兵離易護剪"
    "漢衛了極列規獅藥畫葡密何食快求站料將璃京近吉推蜂走稱整等威修薩育博告技算考根角環決持友超蘇"
    "備萄使認園至警班支由足爭投壓洛劇容息紀寧創消題殺鴨鵝兔猴狐龜蛙蝶蟻蘋梨杏橙橘檸蕉莓茄麵刮痕"
    "晴垃圾焊派還排存錢層哥傷魯村養"
)
_HANGUL: Final = (
    "이리지스아사기자대라수다도고정나구상소가그어원시비오무유진우여인거로레서경타파전부학장물트"
    "마포주분개호니식드요노토양과차해코금감일강배음건하불제종보한합결동미속성복초신격말박증의조"
    "공플모열치세선병연랑국러습려림화품바북야새함프관위내류안벌문에단실량생산터만크는데검카중영"
    "면방회끼교계풍재명염발으눈운쓰히간당들르빨용힘저체래행버풀피디반통심까돼게남워흐균작꽃루매"
    "임입출적민예린밥청력역티직업천은군후브현법키더딸본틱질난메점와콩추설외태달두각네즈울올약알"
    "슴할집쥐형판언살목표테처을온너져숭급절변돌베김편평애근머걸석흰독날닭광투승잎친색뱀른망최란"
    "창곰항등페년커료블퍼했쌀환겨권준순갈월악백늑없번립릴클따담든특술름런송별케손를쳐누맑참향때"
    "총록졌론션귤패축막밀령있느탄렸충육녀필취확슬침글능락랜츠희극채귀었긁황길던것혼폭줄쿠허얼활"
    "며완왕긴범였철움존람접탈책착늘족쪽엄된맞몰볼슨빠되험찰셔견협잡씨같골봐왔삼응먹님숙떠규련캐"
    "엘암잠헤틀농휴럼넘봉곡놀혀싸났찬례잘익링엔냐찾께폐받택웨답갑또렌징득죽널뉴웠짜떨혈액쟁콘압"
)
_RARE: Final = {"symbol": 2e-4, "wide": 2e-4, "kana": 1e-6, "han2": 4e-7}
JAPANESE: Final = EastAsian(
    "cp932", _KANJI, 0.33, _jis_level,
    _RARE | {"han1": 0.1 / 2400, "han2": 0.004 / 3400, "kana": 0.55 / 172, "half": 0.05 / 63},
)  # fmt: skip
SIMPLIFIED_CHINESE: Final = EastAsian(
    "gbk", _SIMPLIFIED, 0.7, _gb_level,
    _RARE | {"han1": 0.28 / 3050, "han2": 0.015 / 3008, "han3": 0.001 / 14000},
)  # fmt: skip
TRADITIONAL_CHINESE: Final = EastAsian(
    "cp950", _TRADITIONAL, 0.7, _big5_level,
    _RARE | {"han1": 0.28 / 4700, "han2": 0.008 / 7652},
)  # fmt: skip
KOREAN: Final = EastAsian(
    "cp949", _HANGUL, 0.93, lambda character: 1,
    _RARE | {"hangul1": 0.05 / 1900, "han1": 4e-7},
)  # fmt: skip
RUSSIAN: Final = Cyrillic()
WESTERN_EUROPEAN: Final = Western()
