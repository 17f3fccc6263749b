"""Recognise attributes that hold names, identity card numbers or telephone numbers, by their name or their values."""

from __future__ import annotations

import re
from collections.abc import Collection
from operator import mul

PERSON_CODES = ("household_id", "member_id")
"""Columns of codes that must not say who somebody is."""

_CHINESE = re.compile(
    r"(户主|监护人|联系人|配偶|.*(姓名|身份证|证件|残疾证|电话|手机|联系方式|微信|邮箱|银行卡|银行账|银行帐|一卡通|存折|曾用名)"
    r"(号码|证号|账号|号)?)[0-9]*"
)
_PREFIXES = ("是否", "有无", "有没有")
_ENGLISH = re.compile(
    r"(.*(full|first|last|given|family|sur|head|householder|person|member|contact|owner))?name"
    r"|householder|.*(phone|telephone|mobile|cellphone|wechat|email|idcard|idno|idnum|passport)(number|num|no)?"
    r"|.*(identity|citizen|idcard)(card|id)?(number|num|no)|tel|idnumber|identitycard|nationalid|(hz)?sfzhm?|(hz)?xm"
)
_ID = re.compile(r"(?<![0-9A-Za-z])([1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])")
_ID_FORM = re.compile(rf"(?:{_ID.pattern}|[1-9]\d{{7}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{{3}})")
"""An identity card number of 18 or 15 digits, whatever its check digit."""
_REGISTERED = "2014"
"""Year in which the registers of poor households began: a code with a later date may be that of an entry."""
_WEIGHTS = [2 ** (17 - i) % 11 for i in range(17)]
_PHONE = re.compile(r"(?<![0-9.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![0-9.])")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦傅付方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪"
    "庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈"
    "饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑"
    "郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
_COMMON = "王李张刘陈赵吴周徐孙胡朱郭罗郑梁谢宋唐许韩邓冯曹彭曾萧肖蒋蔡余杜叶程魏吕丁任沈姚卢傅钟姜崔谭陆汪范廖贾"
"""Common surnames that are the first character of hardly any crop, animal, trade or school."""
_LONG_SURNAMES = "欧阳 上官 司马 诸葛 皇甫 尉迟 公孙 慕容 令狐"
_NAME = re.compile(rf"(?:{_LONG_SURNAMES.replace(' ', '|')}|[{_SURNAMES}])[\u4e00-\u9fff]{{1,2}}")
_MASKED = re.compile(
    rf"[{_SURNAMES}](?:[*＊×]{{1,2}}[\u4e00-\u9fff]?|某{{1,2}})|[\u4e00-\u9fff]{{2,6}}[·•][\u4e00-\u9fff]{{1,6}}"
)
"""Names of which characters are masked, and names with a dot, as several peoples have them."""
_MASKED_NUMBER = re.compile(r"(?<![0-9])[0-9]{3,6}[*＊]{4,}[0-9]{2,4}[0-9Xx]?(?![0-9])")
_LANDLINE = re.compile(r"(?<![0-9.-])0[1-9][0-9]{1,2}-[2-8][0-9]{6,7}(?![0-9.-])")
_STAFF = re.compile(r"干部|责任人|联系人|负责人|帮扶人|网格员")
_PLACE_NAME = re.compile(r".*[村庄镇乡组沟屯寨湾店县市区街坪坝岭河营堡]")


def find_numbers(values: Collection[str], *, codes: bool = False) -> list[str]:
    """Find the texts that hold an identity card number with a valid check digit, or a mobile telephone number.

    Of ``codes``, of which a few may look so by chance, at least half must hold one. Numbers of persons born since 2014
    are left out there, because codes also consist of region, day and number, and so are eleven digits, because codes
    often begin with those of a region, such as 13 or 15.

    >>> find_numbers(["11010519491231002X", "张三13912345678", "低保", "990101101001000101"])
    ['11010519491231002X', '张三13912345678']
    >>> find_numbers(["11010519491231002X", "0001", "0002"], codes=True)
    []
    >>> find_numbers(["11010519491231002X"], codes=True), find_numbers(["370112202306010028"], codes=True)
    (['11010519491231002X'], [])
    """
    until = _REGISTERED if codes else "9"
    out = [
        x
        for x in values
        if any(_has_valid_check(number) and number[6:10] < until for number in _ID.findall(x))
        or (_PHONE.search(x) and not x.isdigit())
    ]
    return out if not codes or 2 * len(out) >= len(values) else []


def is_personal_name(name: str) -> bool:
    """Return whether an attribute's name says that it holds names, identity card numbers or telephone numbers.

    >>> is_personal_name("户联系电话"), is_personal_name("id_card"), is_personal_name("户主年龄")
    (True, True, False)
    """
    plain = re.sub(r"[\W_]", "", name).lower()
    chinese = _CHINESE.fullmatch(plain) and not plain.startswith(_PREFIXES)
    return bool(chinese or _ENGLISH.fullmatch(plain))


def select_personal(values: Collection[str], households: int, column: str = "") -> list[str]:
    """Select the values of an attribute that look like identity card numbers, telephone numbers or names of persons.

    Parameters
    ----------
    values : collection of str
        The different values of the attribute.
    households : int
        Number of households that have a value.
    column : str
        Name of the attribute; a word such as 干部 makes names of persons likely.

    Returns
    -------
    list of str
        Identity card numbers with a valid check digit, and telephone numbers inside a text, are selected wherever they
        occur. Values with the form of such an identity card number must make up half of the values, with different
        dates of birth. Values that are nothing but telephone numbers must make up half of the values and not all be
        digits that begin with the same six, as the codes of a county do. Names must make up most of at least five
        values, nearly all of them different, or four fifths of at least eight different values with many common
        surnames.

    Examples
    --------
    >>> select_personal(["11010519491231002X", "maize"], 2), select_personal(["汉族", "苗族"], 900)
    (['11010519491231002X'], [])
    """
    personal = [value for value in values if any(map(_has_valid_check, _ID.findall(value)))]
    numbers = [value for value in values if _ID_FORM.fullmatch(value.strip())]
    births = {value.strip()[6:12] for value in numbers}  # codes of one village have the same digits there
    if len(births) > 1 and 2 * len(births) >= len(numbers) >= len(values) / 2:
        personal += [value for value in numbers if value not in personal]
    with_phone = {value: match for value in values if (match := _PHONE.search(value))}
    alone = [value for value, match in with_phone.items() if match.group() == value.strip()]
    alike = len(alone) > 1 and all(
        value.strip()[:6] == alone[0].strip()[:6] and value.strip().isdigit() for value in alone
    )
    if 2 * len(alone) < len(values) or alike:
        with_phone = {value: match for value, match in with_phone.items() if value not in alone}
    personal += [value for value in with_phone if value not in personal]
    personal += [value for value in values if _MASKED_NUMBER.search(value) or _LANDLINE.search(value)]
    names = [value for value in values if _is_name(value.strip())]
    sure = [value for value in names if value.strip()[0] in _COMMON or _MASKED.fullmatch(value.strip())]
    unique = len(values) >= max(5, 0.7 * households) and len(names) >= max(5, 0.6 * len(values))
    repeated = len(names) >= max(8, 0.8 * len(values)) and 3 * len(sure) >= len(names)
    staff = _STAFF.search(column) and len(names) >= max(2, 0.6 * len(values))
    personal += names if unique or repeated or staff else []
    return personal


def _is_name(value: str) -> bool:
    value = "".join(value.split())  # names of two characters are often written with a blank between them
    return bool(_MASKED.fullmatch(value) or (_NAME.fullmatch(value) and not _PLACE_NAME.fullmatch(value)))


def _has_valid_check(number: str) -> bool:
    return compute_check_digit(number[:17]) == number[17].upper()


def compute_check_digit(first: str) -> str:
    """Compute the last character of an ID number from its first 17 digits (GB 11643).

    >>> compute_check_digit("99012319850312234")
    '8'
    """
    return "10X98765432"[sum(map(mul, map(int, first), _WEIGHTS)) % 11]
