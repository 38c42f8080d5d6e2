"""Genres: the styles of a model that words such as bossa, Chopin or 摇滚 mean, in English, German and Chinese.

The one table of these words.  A wish in words (`livegen.control.words`) and the style of a chart
(`livegen.music.charts`) are both read by it.  Facts only; knows no model: of the styles of a row the first that a model
has counts.
"""

import unicodedata
from collections.abc import Collection
from typing import NamedTuple

ENDINGS = ("", "e", "er", "es", "en", "em")  # of an adjective in German: what a ~ stands for


class Genre(NamedTuple):
    """A row: styles, best first; what they imply where nothing else is said, as controls and values; the words.

    Of several genres in one text the one of the highest rank counts: 2 a person or a narrow genre, 1 a genre, 0 a form.
    `words` are separated by commas and written without accents; ~ stands for any ending of a German adjective.
    """

    rank: int
    styles: str
    implied: str
    words: str


GENRES = (
    Genre(2, "baroque", "",
          "bach, handel, haendel, vivaldi, scarlatti, purcell, buxtehude, pachelbel, baroque, barock, barock~, "
          "counterpoint, contrapuntal, fugue, fugal, kontrapunkt, fuge, invention, toccata, 巴赫, 亨德尔, "
          "维瓦尔第, 巴洛克, 赋格, 对位"),
    Genre(2, "classical", "", "mozart, haydn, beethoven, sonata, sonatina, sonate, 莫扎特, 海顿, 贝多芬, 奏鸣曲"),
    Genre(2, "romantic romanticism", "",
          "chopin, brahms, schumann, liszt, mendelssohn, grieg, tchaikovsky, tschaikowski, rachmaninoff, "
          "rachmaninov, dvorak, faure, nocturne, mazurka, romantic, romantisch~, romantik, 肖邦, 勃拉姆斯, 舒曼, "
          "李斯特, 门德尔松, 格里格, 柴可夫斯基, 拉赫玛尼诺夫, 夜曲, 浪漫, 浪漫主义"),
    Genre(2, "modern", "",
          "debussy, satie, ravel, bartok, stravinsky, schonberg, schoenberg, prokofiev, shostakovich, "
          "impressionist, impressionistic, impressionistisch~, atonal, modern, modernist, 20th century, 德彪西, "
          "萨蒂, 拉威尔, 巴托克, 印象派, 现代"),
    Genre(2, "renaissance", "",
          "palestrina, dowland, monteverdi, renaissance, madrigal, medieval, mittelalter, mittelalterlich~, "
          "文艺复兴, 中世纪"),
    Genre(2, "lied", "", "schubert, art song, lied, lieder, kunstlied, 舒伯特, 艺术歌曲"),
    Genre(2, "string_quartet", "",
          "string quartet, quartet, streichquartett, chamber music, kammermusik, 弦乐四重奏, 室内乐"),
    Genre(2, "orchestra band_orchestral", "",
          "orchestra, orchestral, symphony, symphonic, orchester, orchestral~, sinfonisch~, sinfonie, wagner, "
          "mahler, bruckner, berlioz, 管弦乐, 交响, 交响乐"),
    Genre(2, "band_orchestral", "",
          "cinematic, epic, film music, film score, soundtrack, movie, filmmusik, filmisch~, episch~, video game, "
          "game music, 电影, 史诗, 配乐, 游戏音乐"),
    Genre(2, "gospel song", "", "gospel, spiritual, worship, 福音"),
    Genre(2, "ragtime_jazz jazz_traditional", "",
          "ragtime, rag, joplin, scott joplin, stride, stride piano, cakewalk, 拉格泰姆"),
    Genre(2, "jazz_bebop jazz_swing", "",
          "bebop, be bop, bop, charlie parker, parker, bird, dizzy, dizzy gillespie, bud powell, 比波普"),
    Genre(2, "jazz_cool jazz_swing", "",
          "cool jazz, chet baker, miles davis, bill evans, dave brubeck, brubeck, 冷爵士, 比尔埃文斯, 迈尔斯"),
    Genre(2, "jazz_hardbop jazz_swing", "", "hard bop, hardbop, art blakey, horace silver, sonny rollins"),
    Genre(2, "jazz_postbop", "",
          "post bop, postbop, modal jazz, coltrane, john coltrane, wayne shorter, herbie hancock, mccoy tyner, "
          "monk, thelonious monk, keith jarrett, jarrett, modern jazz"),
    Genre(2, "jazz_fusion", "", "fusion, jazzrock, pat metheny, smooth jazz, 融合爵士"),
    Genre(2, "jazz_free", "", "free jazz, ornette coleman, avant garde, avantgarde, 自由爵士"),
    Genre(2, "jazz_traditional", "",
          "dixieland, dixie, new orleans, traditional jazz, louis armstrong, gypsy, gypsy jazz, manouche, django, "
          "迪克西兰, 新奥尔良, second line, two beat"),
    Genre(2, "jazz_swing", "",
          "big band, swing era, count basie, basie, duke ellington, ellington, swing jazz, 摇摆乐, 摇摆爵士, 大乐队"),
    Genre(2, "jazz_cool jazz_swing", "tempo 62", "jazz ballad, 爵士抒情"),
    Genre(2, "jazz_swing", "metre 3/4", "jazz waltz, 爵士圆舞曲"),
    Genre(2, "leadsheet_blues", "kind mixolydian",
          "blues, bluesy, 12 bar blues, boogie, boogie woogie, bb king, 布鲁斯, 蓝调"),
    Genre(2, "leadsheet_latin", "",
          "bossa, bossa nova, bossanova, samba, latin, latino, rumba, bolero, jobim, brazilian, "
          "brasilianisch~, lateinamerikanisch~, calypso, tango, piazzolla, habanera, "
          "波萨诺瓦, 巴萨诺瓦, 桑巴, 拉丁, 探戈, baiao"),
    Genre(2, "drums_afrocuban leadsheet_latin", "",
          "afro cuban, afrocuban, afro, salsa, mambo, montuno, cha cha, chacha, cuban, 萨尔萨"),
    Genre(2, "drums_afrobeat", "", "afrobeat, fela kuti"),
    Genre(2, "leadsheet_reggae", "", "reggae, ska, dub, one drop, bob marley, 雷鬼"),
    Genre(2, "leadsheet_funk_soul", "",
          "funk, funky, soul, soulful, r&b, rnb, motown, disco, james brown, stevie wonder, neo soul, 放克, "
          "灵魂乐, 灵魂, 节奏布鲁斯, 迪斯科, r & b, r n b"),
    Genre(2, "drums_hiphop leadsheet_funk_soul", "", "hip hop, hiphop, rap, trap, boom bap, lofi, 嘻哈, 说唱"),
    Genre(2, "rock_classic", "",
          "classic rock, beatles, rolling stones, led zeppelin, pink floyd, queen, sixties, seventies, 经典摇滚, "
          "披头士"),
    Genre(2, "band_metal", "", "metal, heavy metal, thrash, metallica, doom, 金属, 重金属"),
    Genre(2, "band_electronic leadsheet_electronic", "",
          "electronic, electro, techno, house, edm, dance music, synth, synthwave, trance, drum and bass, "
          "elektronisch~, elektro, electronica, 电子, 电子乐, 舞曲电子"),
    Genre(2, "band_ambient", "",
          "ambient, atmospheric, dreamy, ethereal, meditative, meditation, drone, pads, new age, brian eno, "
          "floating, traumerisch~, vertraumt~, meditativ~, spharisch~, 氛围, 梦幻, 空灵, 冥想"),
    Genre(2, "leadsheet_folk_world_country", "",
          "country, bluegrass, americana, western, nashville, banjo, 乡村, 乡村音乐"),
    Genre(2, "folk_jig", "metre 6/8", "jig, gigue, irish jig, 吉格"),
    Genre(2, "folk_reel", "", "reel, irish, irisch~, 爱尔兰"),
    Genre(2, "folk_hornpipe", "", "hornpipe"),
    Genre(2, "folk_strathspey", "", "strathspey"),
    Genre(2, "folk_slipjig", "metre 9/8", "slip jig"),
    Genre(2, "folk_air", "", "air, slow air, lament, klagelied"),
    Genre(2, "leadsheet_stage_screen", "",
          "musical, musicals, broadway, show tune, cabaret, kabarett, gershwin, cole porter, 音乐剧"),
    Genre(2, "popular_dance", "", "foxtrot, charleston, two step, quickstep, ballroom, 狐步"),
    Genre(1, "classical", "", "classical, klassisch~, klassik, 古典"),
    Genre(1, "hymn", "tempo 76",
          "hymn, hymns, chorale, choral, church, kirchenlied, solemn, feierlich~, kirchlich~, 圣歌, 赞美诗, 众赞歌"),
    Genre(1, "march", "", "march, marching, marsch, military, 进行曲"),
    Genre(1, "leadsheet_jazz jazz_swing", "", "jazz, jazzy, 爵士, 爵士乐"),
    Genre(1, "band_rock leadsheet_rock", "", "rock, rock n roll, hard rock, punk, grunge, indie, alternative, 摇滚"),
    Genre(1, "pop band_pop", "", "pop, popular, popsong, 流行, 流行乐, 流行歌曲"),
    Genre(1, "folk", "",
          "folk, folksy, folky, folk song, folksong, traditional, celtic, scottish, volkslied, volksmusik, "
          "volkstumlich~, folklore, polka, klezmer, pastoral, pastorale, 民歌, 民谣, 民间, 民乐, 中国民歌, 古风, "
          "国风"),
    Genre(1, "folk_minuet", "metre 3/4", "minuet, menuett, menuet, 小步舞曲"),
    Genre(1, "folk_gavotte", "", "gavotte, 加沃特"),
    Genre(1, "folk_allemande", "", "allemande"),
    Genre(0, "jazz_swing", "swing 62", "swing, swings, 摇摆"),
    Genre(0, "folk_waltz", "metre 3/4", "waltz, waltzes, walzer, landler, 圆舞曲, 华尔兹"),
    Genre(0, "pop", "tempo 66", "ballad, ballade, slow song, 抒情, 抒情曲"),
    Genre(0, "song", "tempo 69 energy 0.3", "lullaby, cradle song, wiegenlied, 摇篮曲"),
)  # fmt: skip


def words_for(styles: Collection[str]) -> list[str]:
    """The words of the table, as a person writes them, that mean one of these styles."""
    return [
        word
        for genre in GENRES
        if not set(genre.styles.split()).isdisjoint(styles)
        for word in genre.words.split(", ")
        if not word.endswith("~")
    ]


def plain(word: str) -> str:
    """A word as those of the table are written: in small letters, without accents."""
    apart = unicodedata.normalize("NFD", word.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))
