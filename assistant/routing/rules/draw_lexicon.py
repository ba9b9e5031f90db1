"""Words that tell that a picture is to be drawn, and those that only sound so."""

import re

WORD_OF = r"(?:pictures?|images?|pics?|drawings?)"  # said of any picture: not part of the prompt
STYLE = (  # these say how it is to look
    r"(?:illustrations?|paintings?|sketch(?:es)?|photos?|photographs?|cartoons?|artworks?"
    r"|water-?colou?rs?"
    r"|portraits?|posters?|logos?|icons?|wallpapers?|avatars?|comics?|comic strips?|doodles?"
    r"|cliparts?|clip art"
    r"|murals?|engravings?|etchings?|woodcuts?|linocuts?|collages?|caricatures?|stickers?"
    r"|emojis?|mascots?"
    r"|renderings?|renders|line art|pixel art|concept art|landscapes?|still li(?:fe|ves)|art)"
)
LOOKS = (
    r"(?:oil|acrylic|pencil|ink|charcoal|pastel|crayon|digital|photo-?realistic|realistic|abstract"
    r"|small|little|large|big|nice|pretty|beautiful|cute|funny|simple|detailed|colou?rful"
    r"|black[- ]and[- ]white"
    r"|minimalist|minimal|flat|vintage|retro|square|wide|tall|new|quick|rough|random|modern"
    r"|dark|bright|stylised"
    r"|stylized|high[- ]quality|hand[- ]drawn|cover|title|profile|header|background|desktop"
    r"|line|pixel|vector"
    r"|book|children['’]s|fantasy|surreal|cinematic|line|3d|hd|4k|ai|generated)"
)
ONE = r"(?:an?|one|some|another|a few|two|three|four|\d|any)"
SHOWING = (
    r"(?:\s+(?:of|showing|depicting|with|where|that shows|which shows|that depicts|featuring"
    r"|in which|about"
    r"|containing)\b|\s*:)"
)
NOUN = re.compile(
    rf"(?:(?P<one>{ONE})\s+)?(?:(?:{LOOKS})\s+|,\s*)*(?:{WORD_OF}|{STYLE})\b", re.IGNORECASE
)
MAKE = (
    r"(?:make|create|generate|produce|design|compose|prepare|provide|craft|do|whip up"
    r"|knock (?:up|together|out)|rustle up|try|attempt|do up"
    r"|come up with|put together"
    r"|give|gimme|lemme see|hook me up with|conjure(?: up)?|cook up|throw together|mock up"
    r"|fancy|show|send|get|have|see|let (?:me|us) (?:see|have)|i(?:\s+would|['’]d)?\s+(?:like"
    r"|love|want|need)(?:\s+to\s+(?:see|have|get))?"
    r"|i\s+wish\s+to\s+(?:see|have)|i\s+(?:want|need|wish for|could use)|i['’]?m looking for"
    r"|we(?:\s+would|['’]d)?\s+(?:like|need|want)|need|want|wanted"
    r"|new|request|requesting)"
)
MAKING = re.compile(rf"^{MAKE}\s+(?:me\s+|us\s+)?(?:up\s+)?", re.IGNORECASE)
VAGUE = re.compile(
    r"\b(?:pictures?|images?|sketch(?:es)?|illustrations?|portraits?)$", re.IGNORECASE
)
# A noun may go on: "design a logo policy" asks for no logo.
ENDS = re.compile(
    r"\s*(?:$|[,.;!?(-]|(?:for|in|on|at|like|from|which|that|as|to|over|under|after|by|and"
    r"|please)\b)",
    re.IGNORECASE,
)
REQUEST = re.compile(
    rf"^(?:{WORD_OF}|{STYLE}|draw(?:ing)?)\s*(?:request|wish|wanted|task|please|prompt)?\s*:\s*"
    r"|^(?:try|do|make|have|create)\s+(?:some|an?)\s+(?:art|artwork|picture|drawing|image)\s*:\s*",
    re.IGNORECASE,
)
DRAWING = re.compile(
    r"^(?P<verb>draw(?:ing)?|drew|painted|sketched|drawn|drwa|darw|dra|paint(?:ing)?"
    r"|sketch(?:ing)?|doodl(?:e|ing)"
    r"|illustrat(?:e|ing)"
    r"|render(?:ing)?|visuali[sz](?:e|ing)|depict(?:ing)?|picture|imagine)\b\s*(?::|(?:me|us"
    r"|for me|for us)\b)?\s*",
    re.IGNORECASE,
)
# "draw" and "paint" without a picture.
NOT_DRAWN = re.compile(
    r"^(?:it|them|this|that|these|those)\b"
    r"|^(?:[\w'’-]+\s+){0,3}?(?:conclusions?|comparisons?|distinctions?|parallels?|inferences?"
    r"|lessons?|attention|inspiration"
    r"|analog(?:y|ies)|criticisms?|implications?|insights?|flow ?charts?"
    r"|org(?:ani[sz]ation(?:al)?)? ?charts?|gantt|mind ?maps?"
    r"|decision trees?|timelines?|(?:tables?|lists?|summar(?:y|ies)|overviews?|outlines?"
    r"|diagrams?|schemas?) (?:of|for)"
    r"|summar(?:y|ies)|overviews?)\b"
    r"|^(?:up|on|upon|from|down|out|back|in|near|off|away|level|lots|straws|blood|breath|close"
    r"|over|to)\b"
    r"|^(?:the |an? |any |some |your |all |more |own |main |broad |clear |useful |right "
    r"|following )*"
    r"(?:conclusions?|comparisons?|distinctions?|parallels?|inferences?|lessons?|inspiration"
    r"|attention|criticism"
    r"|analog(?:y|ies)|line between|line at|lines between|connections?|links?|benefits?"
    r"|pensions?|salary"
    r"|salaries|wages?|money|cash|funds?|loans?|winners?|raffle|lottery|lots|balance|breath"
    r"|consequences"
    r"|contrast|differences?|insights?|moral|support|strength|interest|distinction"
    r"|implications?)\b",
    re.IGNORECASE,
)
# What is written, not drawn: with weaker verbs than "draw" they ask for words.
WRITTEN = re.compile(
    r"\b(?:arguments?|procedures?|process(?:es)?|concepts?|principles?|ideas?|polic(?:y|ies)"
    r"|rules?|regulations?|strateg(?:y|ies)"
    r"|situation|outlook|history|differences?|steps|proposals?|services|provisions?|clauses?"
    r"|meanings?|points?"
    r"|examples?|finances?|obligations?|requirements?|consequences|risks?|approach|methods?"
    r"|plans?|schedule|timeline"
    r"|decision|state of|problem|solution|causes?|reasons?|importance|advantages?|effects?"
    r"|impact|results?|findings"
    r"|how|why|what|whether|contract|agreement|law|responsibilities|workflow|structure"
    r"|relationship)\b",
    re.IGNORECASE,
)
FIGURATIVE = re.compile(
    r"\b(?:clear|clearer|full|fuller|complete|overall|big|bigger|better|true|accurate|broad"
    r"|general|whole"
    r"|balanced|gloomy|bleak|rosy|fair)\s+(?:picture|image|sketch)\b"
    r"|\bpicture (?:on|about)\b",
    re.IGNORECASE,
)
OF_DOCUMENTS = re.compile(
    r"\b(?:in|on|from|of|according to)\s+(?:the|this|that|our|my|your|page|section|chapter"
    r"|appendix|annex|figure)\s*"
    r"(?:\w+\s+){0,2}(?:document|documents|handbook|report|contract|policy|manual|brochure"
    r"|paper|page|section"
    r"|chapter|pdf|file|files|library|appendix|annex|survey|audit|lease|agreement|guide|book"
    r"|minutes|slides?"
    r"|presentation|article|study|\d+)\b",
    re.IGNORECASE,
)
DEFINITE = re.compile(r"^(?:the|this|that|these|those|our|my|your|its|their)\b", re.IGNORECASE)
DRAW_IT = re.compile(
    r"^(?:(?:imagine|picture|think of|take)\s+)?(?P<what>.+?)[,;.!]?\s+(?:(?:and|then|now"
    r"|please)\s+)*(?P<verb>draw|paint"
    r"|sketch|illustrate)(?:\s+me)?\s+(?:it|that|this|them|one)\W*$",
    re.IGNORECASE,
)
ANOTHER = re.compile(
    r"^(?:another|a new|one more|a different)(?: one"
    r"| picture)?\s*[,:;]?\s*(?:this time\s*)?(?:with\s+|of\s+)?",
    re.IGNORECASE,
)
LOOKS_LIKE = re.compile(
    r"^(?:what|how)\s+(?P<what>.+?)\s+(?:\w+\s+)?looks?(?:\s+like)?\b", re.IGNORECASE
)
IN_WORDS = re.compile(
    r"\b(?:in (?:a few|a couple of|\d+|one|two|three|four|five|your own|plain|simple|short"
    r"|no more than \w+)"
    r" (?:words?|sentences?|lines|paragraphs?|bullets?|bullet points|steps)|in words"
    r"|in (?:prose|writing|bullet points))\b",
    re.IGNORECASE,
)
FOR = re.compile(  # "cover image for my essay"
    rf"^(?:{ONE}\s+)?(?:cover|title|profile|header|background|desktop|banner)\s+(?:{WORD_OF}"
    rf"|photos?) (?:for|with)\b",
    re.IGNORECASE,
)
ART = re.compile(
    r"^(?:an?\s+|some\s+)?(?:pixel|line|clip|concept|voxel|vector|fan)[ -]?art\s+[\w'’-]+",
    re.IGNORECASE,
)
LATE = re.compile(
    rf"^(?:{ONE}|some)\s+(?P<what>(?!the\b|.*\b(?:of|like) (?:that|this|the"
    rf"|it)\b)[\w\s'’-]{{2,50}}?)\s+(?P<noun>drawing|picture"
    rf"|painting|sketch|pic|doodle"
    r"|illustration|cartoon|artwork)s?\W*$",
    re.IGNORECASE,
)
INSTEAD = re.compile(r"[\s,]+(?:instead|this time|next|for a change)\W*$", re.IGNORECASE)
PURPOSE = re.compile(
    rf"^(?P<before>.*?(?:{WORD_OF}|{STYLE}))\s+for\s+(?:the|our|my|a|an)\s+[\w\s'’-]{{2,40}}?"
    r"\s*(?P<colon>:|\bof\b|\bshowing\b)\s*",
    re.IGNORECASE,
)


PICTURE_OF = re.compile(
    rf"^(?:{ONE}\s+)?(?:(?:{LOOKS})\s+|,\s*)*{WORD_OF}(?:{SHOWING}|\s+(?=an?\s))\s*",
    re.IGNORECASE,
)
WOULD_LOOK = re.compile(
    r"^(?:show me|let me see|i want to see)\s+(?:what|how)\s+(?P<what>an?\s.+?)\s+(?:would"
    r"|might|could)\s+look(?:\s+like)?\W*$",
    re.IGNORECASE,
)
TAIL = re.compile(  # "a kangaroo, as a drawing"
    rf"^(?P<what>{ONE}\s.+?),?\s+as\s+an?\s+(?:\w+\s+)?(?P<noun>{WORD_OF}|{STYLE})\W*$",
    re.IGNORECASE,
)
LOOSE = re.compile(
    rf"(?:\b(?:draw|paint|sketch|illustrate|depict)(?:\s+(?:me|us|up))?\s+(?!it\b|one\b|this\b"
    rf"|that\b)"
    rf"|\b{WORD_OF}{SHOWING})\s*",
    re.IGNORECASE,
)
