"""Names of classes and files as people give them, and the code pages their Windows writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, str]] = {
    "Japanese": """
        猫 犬 鳥 魚 良品 不良品 表面良好 表面不良 合格 不合格 正常 異常 りんご みかん バナナ
        いちご ぶどう 桜 梅 松 竹 傷あり 傷なし 汚れ ひび割れ へこみ 錆 きのこ たけのこ タンポポ
        ひまわり チューリップ コスモス 写真 新しいフォルダー 風景 人物 建物 食べ物 ラーメン 寿司
        カレー 天ぷら 東京 大阪 京都 電車 自動車 自転車 飛行機 船 その他 未分類 テスト 学習用
        検証用 晴れ 曇り 雨 雪 赤 青 黄色 緑 柴犬 秋田犬 三毛猫 黒猫 燃えるゴミ 燃えないゴミ
        ペットボトル 缶 ビン 段ボール 画像 スクリーンショット カブトムシ クワガタ アゲハチョウ
        打痕 欠け 変色 溶接不良 はんだブリッジ 基板 部品なし 笑顔 怒り 悲しみ グー チョキ パー
    """,
    "simplified Chinese": """
        猫 狗 鸟 鱼 苹果 香蕉 橙子 葡萄 草莓 西瓜 合格 不合格 良品 不良品 正常 异常 划痕 裂纹 缺陷
        污渍 凹陷 生锈 玫瑰 向日葵 郁金香 蒲公英 菊花 荷花 照片 新建文件夹 风景 人物 建筑 食物
        米饭 面条 饺子 北京 上海 广州 火车 汽车 自行车 飞机 轮船 其他 未分类 测试 训练集 测试集
        验证集 晴天 阴天 下雨 下雪 红色 蓝色 黄色 绿色 可回收垃圾 厨余垃圾 有害垃圾 其他垃圾
        塑料瓶 玻璃 纸板 金属 截图 图片 蝴蝶 蜜蜂 蚂蚁 老虎 狮子 大象 熊猫 健康叶片 病叶 稻瘟病
        白粉病 锈病 螺丝 螺母 轴承 焊接不良 漏焊 短路 开心 生气 悲伤 石头 剪刀 布 男 女 口罩
        未戴口罩 微信图片
    """,
    "traditional Chinese": """
        貓 狗 鳥 魚 蘋果 香蕉 橘子 葡萄 草莓 西瓜 合格 不合格 良品 不良品 正常 異常 刮痕 裂紋 缺陷
        髒污 凹陷 生鏽 玫瑰 向日葵 鬱金香 蒲公英 菊花 荷花 照片 新增資料夾 風景 人物 建築 食物
        滷肉飯 牛肉麵 小籠包 珍珠奶茶 台北 高雄 台中 火車 汽車 機車 腳踏車 飛機 輪船 其他 未分類
        測試 訓練集 測試集 驗證集 晴天 陰天 下雨 下雪 紅色 藍色 黃色 綠色 可回收 廚餘 一般垃圾
        塑膠瓶 玻璃 紙箱 金屬 螢幕擷取畫面 圖片 蝴蝶 蜜蜂 螞蟻 老虎 獅子 大象 貓熊 健康葉片 病葉
        螺絲 螺帽 軸承 焊接不良 漏焊 短路 開心 生氣 悲傷 石頭 剪刀 布 男 女 口罩 未戴口罩 臺灣黑熊
        藍鵲 石虎
    """,
    "Korean": """
        고양이 개 강아지 새 물고기 사과 바나나 오렌지 포도 딸기 수박 합격 불합격 양품 불량품 정상
        비정상 불량 양호 긁힘 균열 결함 오염 찌그러짐 녹 장미 해바라기 튤립 민들레 국화 연꽃 사진
        새폴더 풍경 인물 건물 음식 김밥 비빔밥 떡볶이 라면 서울 부산 대구 기차 자동차 자전거
        비행기 배 기타 미분류 테스트 학습 검증 맑음 흐림 비 눈 빨강 파랑 노랑 초록 재활용
        일반쓰레기 음식물쓰레기 플라스틱 유리병 종이 캔 화면캡처 이미지 나비 꿀벌 개미 호랑이 사자
        코끼리 판다 건강한잎 병든잎 나사 너트 베어링 용접불량 납땜불량 단락 웃음 화남 슬픔 바위
        가위 보 남자 여자 마스크 마스크미착용 진돗개 삽살개 참외 배추 무
    """,
    "Russian": """
        кошка собака птица рыба Кошки Собаки Яблоки Бананы апельсин виноград клубника арбуз годные
        брак Брак норма Норма дефект Дефекты царапина Царапины трещина загрязнение вмятина
        ржавчина роза подсолнух тюльпан одуванчик ромашка фото Фото Новая_папка пейзаж люди здания
        еда борщ пельмени Москва поезд автомобиль велосипед самолёт корабль Разное прочее тест
        обучение проверка ясно облачно дождь снег красный синий жёлтый зелёный пластик стекло
        бумага металл скриншот Изображение бабочка пчела муравей тигр лев слон здоровые больные
        лист болт гайка подшипник шов кот пёс берёза дуб ель сосна камень ножницы мужчина женщина
        в_маске без_маски да нет хорошо плохо МОСКВА
    """,
    "German": """
        Gänseblümchen Stiefmütterchen Löwenzahn Äpfel Birnen Bären Möwe Vögel Käfer Kühe Mäuse
        Störche Füchse gut schlecht fehlerhaft Kratzer Riss Verfärbung Oberfläche_gut
        Oberfläche_schlecht größer kleiner Müll Altglas Straße Fußgänger Fußball Brötchen Käse
        Würstchen Gemüse Früchte Pfütze Schlüssel Tür Tür_auf Häuser Bäume Gräser Nüsse Rüben
        Kürbis Blätter weiß grün gelb Schnee Übung Österreich Köln München Grüße Öl Ähre Maß Spaß
        Zähne schön hässlich Löffel Schüssel Glühbirne Späne Körner Lötfehler Lötbrücke
    """,
    "French": """
        chien chat abîmé défaut Défauts éléphant Éléphants âne abeille forêt fenêtre château
        hôpital école élève pêche fraise pomme crêpe pâté gâteau café thé bière légumes été hiver
        février août français garçon leçon façade façon rayé fissuré cassé intègre piqûre brûlé
        sève chèvre lièvre zèbre règle vélo vélos forêt_dense hêtre chêne érable peuplier métal
        Noël maïs où voilà déchets déchet_ménager sécurité à_trier numérisé Müller réussi échoué
        évalué
    """,
    "Spanish": """
        perro gato pájaro ratón león niño niña señal araña piña plátano melón limón jamón camión
        avión árbol Árboles jardín balcón montaña mañana otoño año dañado dañada rasguño pequeño
        pestaña camión_rojo autobús inglés español máquina plástico metálico orgánico difícil
        fácil día noche corazón púrpura marrón época éxito último tiburón delfín búho águila
        Águila cigüeña pingüino óxido
    """,
    "Portuguese": """
        cão gato pássaro pães pão maçã maçãs limão limões avião aviões mamão feijão coração botão
        botões mão mãos irmão leão leões pé pés árvore água lâmpada câmera ônibus três português
        vírus plástico orgânico não sim bênção estação manhã ferrugem trinca arranhão arranhões
        defeito peça peças cabeça açúcar café chá maracujá abacaxi caju tubarão baleia Ótimo bom
        ruim médio à_esquerda você avô avó
    """,
    "Danish": """
        høne hæs blåbær jordbær æble æbler pære gås får ræv bjørn ørn Ørn svømmer grøn rød blå gul
        hvid størrelse små store køkken brød smør fløde øl kød æg fejl fejlfri ødelagt båd fly
        søle strømpe måge Måge ål sø skov træ træer blød hård kål grød tør våd
    """,
    "Swedish": """
        björn älg Älg räv får gås höna ägg äpple päron jordgubbe blåbär smultron gran björk tall
        ek röd grön blå gul vit större mindre kök bröd smör grädde öl kött fel felfri trasig båt
        flyg tåg sjö skog träd träden mjuk hård kål gröt torr våt måne sköldpadda Örn örn ödla
    """,
    "Norwegian": """
        høne blåbær jordbær eple pære gås får rev bjørn ørn grønn rød blå gul hvit størrelse små
        store kjøkken brød smør fløte øl kjøtt egg feil feilfri ødelagt båt fly sjø skog tre trær
        bløt hard kål grøt tørr våt måke Måke ål Ål
    """,
    "English": """
        café naïve crème_brûlée jalapeño piñata façade 20° 90°C 5µm 10µm ½ ¼ £5 résumé Zoë Pokémon
        Pokémon_cards entrée soufflé 100±5 10²
    """,
}

CODE_PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "Japanese": ("cp932",),
    "simplified Chinese": ("gbk",),
    "traditional Chinese": ("cp950",),
    "Korean": ("cp949",),
    "Russian": ("cp866",),
    "German": (
        "cp850",
        "cp1252",
        "cp437",
    ),
    "French": (
        "cp850",
        "cp1252",
        "cp437",
    ),
    "Spanish": (
        "cp850",
        "cp1252",
        "cp437",
    ),
    "Portuguese": (
        "cp850",
        "cp1252",
    ),
    "Danish": (
        "cp850",
        "cp1252",
    ),
    "Swedish": (
        "cp850",
        "cp1252",
        "cp437",
    ),
    "Norwegian": (
        "cp850",
        "cp1252",
    ),
    "English": (
        "cp850",
        "cp437",
        "cp1252",
    ),
}
