"""Names of people and clothes from which the catalogue is made."""

from __future__ import annotations

from typing import Literal, NamedTuple

Gender = Literal["female", "male"]


class Person(NamedTuple):
    """Somebody in front of the camera: the name shown, the name in codes, the language spoken."""

    name: str
    code: str
    gender: Gender
    language: str


def _people(gender: Gender, language: str, names: str) -> list[Person]:
    pairs = (pair.partition("=") for pair in names.split())
    return [Person(name, code or name.lower(), gender, language) for name, _, code in pairs]


_ENGLISH_WOMEN = _people(
    "female",
    "en-US",
    "Anna Olivia Grace Emma Chloe Sophie Amelia Hannah Lucy Ruby Alice Clara Julia Nora Iris Maya Stella Violet Hazel "
    "Naomi Claire Daisy Eleanor Freya",
)
_ENGLISH_MEN = _people(
    "male",
    "en-US",
    "David James Oliver Henry Lucas Ethan Samuel Daniel Leo Oscar Arthur Hugo Felix Simon Martin Victor Adam Ralph "
    "Edward George Philip Marcus Nathan Theo",
)
_CHINESE_WOMEN = _people(
    "female",
    "zh-CN",
    "小雅=xiaoya 静萱=jingxuan 雅妮=yani 思琪=siqi 若曦=ruoxi 晓彤=xiaotong 雨桐=yutong 梦瑶=mengyao 诗涵=shihan "
    "欣怡=xinyi 佳宁=jianing 婉清=wanqing 子墨=zimo 慧敏=huimin 丽娜=lina 芷若=zhiruo 明月=mingyue 春燕=chunyan "
    "秋雨=qiuyu 安琪=anqi 文静=wenjing 可欣=kexin 语嫣=yuyan 海棠=haitang",
)
_CHINESE_MEN = _people(
    "male",
    "zh-CN",
    "云逸=yunyi 无忌=wuji 云轩=yunxuan 浩然=haoran 子轩=zixuan 志远=zhiyuan 建国=jianguo 文博=wenbo 俊杰=junjie "
    "天佑=tianyou 明哲=mingzhe 思远=siyuan 一鸣=yiming 博文=bowen 立诚=licheng 景行=jingxing 少华=shaohua 承宇=chengyu "
    "国栋=guodong 宏伟=hongwei 家豪=jiahao 晨曦=chenxi 瑞林=ruilin 修远=xiuyuan",
)

# One of each kind after the other, so that any few of them are mixed; the first are what demonstrations show.
PEOPLE = tuple(
    person for four in zip(_ENGLISH_WOMEN, _CHINESE_WOMEN, _ENGLISH_MEN, _CHINESE_MEN, strict=True) for person in four
)

CLOTHES: dict[Gender, tuple[str, ...]] = {
    "female": (
        "Navy blazer",
        "White blouse",
        "Pink skirt suit",
        "Green dress",
        "Yellow suit",
        "Grey cardigan",
        "Red qipao",
        "Denim shirt",
    ),
    "male": (
        "Dark suit",
        "Polo shirt",
        "Blue shirt",
        "Grey sweater",
        "White coat",
        "Tang suit",
        "Brown jacket",
        "Black turtleneck",
    ),
}
POSES = ("Standing", "Full body standing pose", "Sitting", "Half-length portrait", "Standing, turned left")

# Codes and names of the documentation's sample (Querying the List Of Actions Supported by the Avatar).
ACTIONS = {
    "2hands_forward1": "Both hands pointing forward 1",
    "admission": "Entering the stage",
    "appearance": "Exiting the stage",
    "bow": "Bowing",
    "waving_hand1": "Waving one hand",
    "welcome": "Welcome",
    "left_across_waist": "Left hand side slide",
    "left_side1": "Left hand pointing to the left 1",
    "left_up2": "Left hand pointing to the left 2",
    "right_side1": "Right hand pointing to the right 1",
    "right_slide_down": "Right hand sliding down at the side",
    "right_up2": "Right hand pointing to the upper right 2",
    "applaud": "Applauding",
    "compliment_state3": "Both hands giving thumbs up",
    "ok2": "OK gesture at the side",
    "show_love3": "Finger heart",
    "support": "Come on",
    "turn_around": "Turning around",
}

TEMPERS = (
    "Natural and graceful",
    "Warm and calm",
    "Bright and lively",
    "Clear and professional",
    "Soft and friendly",
    "Deep and steady",
    "Young and cheerful",
    "Serious newsreader",
)
