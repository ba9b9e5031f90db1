"""Words that tell what is wished for a picture, or that nothing is wished for it at all."""

import re

from assistant.routing.slots import LANGUAGE

PICTURE = (
    r"(?:pictures?|images?|pics?|photos?|photographs?|drawings?|paintings?|sketch(?:es)?"
    r"|screenshots?|screen ?grabs?|scans?"
    r"|snapshots?|illustrations?|logos?|icons?|posters?|portraits?|selfies?|artworks?)"
)
IT = (
    rf"(?:it|this|that|these|them|the (?:\w+ )?{PICTURE}|(?:this|that|my"
    rf"|our) (?:\w+ )?{PICTURE}|this one|that one)"
)

LONE = r"\W*$"

# -- enhance

ENHANCING = re.compile(
    r"^(?:please )?(?:enlarge|upscale|up-scale|upsize|upsample|sharpen|resharpen|deblur|unblur"
    r"|de-?noise|restore|enhance"
    r"|super[- ]?res\w*|photo restoration|restoration|remaster|depixelate|deartefact|magnify"
    r"|upres|uprez)\b",
    re.IGNORECASE,
)
BETTER = re.compile(
    rf"\b(?:higher|better|more|greater|increase[ds]?|increasing|improve[ds]?|raise|boost"
    rf"|bump up|up)\b[^.?!]{{0,30}}\b(?:resolution|res|dpi"
    rf"|quality|sharpness|definition|clarity)\b"
    rf"|\b(?:blow (?:{IT} )?up|blow up {IT}|scale (?:{IT} )?up|size (?:{IT} )?up"
    rf"|clean up this (?:grainy|noisy|blurry))\b"
    rf"|\b(?:noise|grain|artefacts|artifacts|blur|pixelation|scratches"
    rf"|compression)\b[^.?!]*\b(?:from|in|of|on|out of)\b"
    rf"|\b(?:less|not so|reduce|remove|fix|without|get rid of)\b[^.?!]{{0,20}}\b(?:blurr(?:y"
    rf"|ed)|blur|noise|noisy|grainy|grain|pixelat(?:ed|ion)|artefacts|artifacts|fuzz(?:y"
    rf"|iness))\b"
    rf"|\b(?:crisper|crisp|sharper|more (?:legible|readable)|make (?:it|this|that"
    rf"|the \w+) (?:legible"
    rf"|readable)|less blurry|in hd|to hd|in 4k|to 4k|in high resolution|high-res"
    rf"|hi-res|higher-res|hires)\b"
    rf"|\b(?:twice|double|two times|three times|four times|[234]\s?x"
    rf"|[234] times)\b[^.?!]*\b(?:size|large|larger|big|bigger|resolution|as large|as big)\b"
    rf"|\b(?:upscal|enlarg|sharpen|denois|deblur|super-?resol)\w*\b",
    re.IGNORECASE,
)
LARGER = re.compile(
    rf"\b(?:make|get|want|need|have)\s+{IT}\s+(?:\w+\s+)?(?:bigger|larger|clearer|sharper"
    rf"|crisper|less blurry)\b"
    rf"|\b{IT}\s+(?:needs?|has|should|must|ought|wants)\s+(?:to\s+)?be\s+(?:\w+\s+)?(?:bigger"
    rf"|larger|sharper|clearer|crisper)\b",
    re.IGNORECASE,
)
POOR = re.compile(
    r"\b(?:blurr(?:y|ed)|grainy|noisy|pixelated|pixel(?:l?y|ish)|faded|damaged|torn|scratched"
    r"|washed out|(?:low|bad|poor|terrible|awful) quality|quality is (?:\w+ )?(?:low|bad|poor"
    r"|terrible|awful|horrible)|pixelly|fuzzy|out of focus|too small"
    r"|low[- ]res(?:olution)?|unsharp)\b",
    re.IGNORECASE,
)
MEND = re.compile(
    r"\b(?:fix|help|repair|improve|rescue|save|enlarge|clean|magic|do something|better|correct"
    r"|clear)\b",
    re.IGNORECASE,
)

# -- vary

VARYING = re.compile(
    r"\b(?:different|another|new|other|random) seed\b|^once (?:again|more)\b"
    r"|^again\b.*\bdifferent|\bsame but different\b|\b(?:others?|ones?|some|few|more"
    r"|something)\b[^.?!]{0,20}\b(?:in|along) (?:the|that|those) (?:same )?(?:spirit|vein|style"
    r"|manner|way|lines)\b|\b(?:another|one more) (?:go|time)\b|^differently\b|\ba few others\b"
    r"|^(?:vary"
    r"|riff on)\b|\b(?:variations?|variants?|alternatives?|alternate versions?"
    r"|different versions?)\b"
    r"|\b(?:another|a different|one more|a new|an alternative|other|more) (?:version|take|try"
    r"|attempt)s?\b"
    r"|\b(?:something|pictures?|images?|photos?|ones?|one|drawings?) similar\b"
    r"|\bsimilar (?:pictures?|images?|ones?|one|photos?|drawings?|things?)\b"
    r"|\b(?:more|others?|another|another one|one more|\d|two|three|four|five"
    r"|six)(?: \w+)? (?:just )?(?:like|along the lines of) (?:it|this|that|these|them|the)\b"
    rf"|\b(?:try|do|draw|paint) (?:it|that|this)? ?(?:once )?(?:again|over again|once more)\b"
    rf"|^(?:again|one more|another|another one|once more|more){LONE}",
    re.IGNORECASE,
)

# -- edit

EDITING = re.compile(
    r"^(?:edit|change|turn|replace|remove|delete|erase|add|put|paint|extend|expand|widen"
    r"|outpaint|inpaint|give|swap|colou?r|recolou?r"
    r"|colou?ri[sz]e|move|shift|take (?:out|away|off)|crop|rotate|flip|mirror|brighten|darken"
    r"|lighten|blur|restyle|convert|transform|cut"
    r"|fill|hide|retouch|insert|place|draw|make|adjust|modify|alter|tint|soften|shrink"
    r"|get rid of|clear|clean|have|let|set|increase"
    r"|decrease|reduce|lower|raise|use|smooth|redraw|repaint|redo|keep|render|dress|photoshop"
    r"|straighten|stretch|tone|wipe|apply"
    r"|switch|leave out|drop|exchange|decorate|cover|show|bring)\b",
    re.IGNORECASE,
)
FRAGMENT = re.compile(
    r"^(?:(?:a (?:bit|little|lot)|much|slightly|even|way|far)\s+)?(?:more|less|fewer|without|no"
    r"|but|bluer|redder|greener|\w{3,}er)\b"
    r"|^(?:with|without)\b|^the same\b|^same\b|\bthe same (?:\w+ )?(?:picture|image|drawing"
    r"|photo|scene|one|thing)?\s*,?\s*but\b"
    r"|^(?:in|as) (?:an? )?(?:[\w-]+ ){0,2}(?:water-?colou?rs?|oils?|pencil|ink|pastel|charcoal"
    r"|colou?rs?|black and white|sepia|pixel art"
    r"|cartoons?|sketch|drawing|painting|photo|comic|anime|3d|style|night|day|winter|summer"
    r"|autumn|spring|blue|red|green|yellow|purple"
    r"|orange|pink|grey|gray|black|white|brown)\b"
    r"|^(?:only |just )?(?:the|its|his|her|their|all|that|this)\b.{1,40}\b(?:should|must"
    r"|needs? to|has to"
    r"|have to|ought to|could) (?:be|have|look|become|get|go|face)\b"
    r"|\bbut (?:at|with|without|in|as|make|now|bigger|smaller|darker)\b",
    re.IGNORECASE,
)
COULD_BE = re.compile(
    r"^(?:can|could|should|may|might|shall|would)\s+(?:the|it|that|this|there|its|we have"
    r"|you make)\b.*\b(?:be|have|look|get|become|face)\b"
    r"|^(?:what|how) (?:if|about)\b(?=.*\b(?:was|were|is|had|in|with|a|the)\b)",
    re.IGNORECASE,
)
VISUAL = re.compile(
    r"\b(?:reds?|blues?|greens?|yellows?|purple|orange|pink|gr[ea]y|black|white|brown|violet"
    r"|turquoise|gold(?:en)?|silver|\w+(?:ish)"
    r"|bigger|smaller|larger|darker|lighter|brighter|rounder|thicker|thinner|taller|wider|bluer"
    r"|redder|greener|round|square|left|right"
    r"|upside down|in the background|colou?r\w*|sky|night|sunset|snow|rain|style|transparent"
    r"|hat|face|eyes|hair|smil\w+|size)\b",
    re.IGNORECASE,
)
FIRM = re.compile(  # an order about a thing, not the beginning of a noun: "use of cars"
    r"^\w+(?:\s+(?:out|away|off|up|over|me))?\s+(?:the|it|its|an?|some|more|less|fewer|this"
    r"|that|them|everything|all|another|one|his|her|their|in|to|\d+)\b",
    re.IGNORECASE,
)
WORDS = re.compile(  # what is made of words, and where they stand
    r"\b(?:lists?|tables?|summary|summaries|overviews?|reports?|timelines?|answers?|repl(?:y"
    r"|ies)|sentences?|paragraphs?|bullets?|points?"
    r"|policy|policies|contracts?|handbook|documents?|chapters?|sections?|clauses?|costs?"
    r"|prices?|figures|emails?|letters? to"
    r"|shorter|briefer|simpler|more formal|less formal|in your own words|example|examples"
    r"|numbers|definition|of address|detail|details"
    r"|explanation|explain|plain|notes|question|questions|deadlines?|invoices|items)\b",
    re.IGNORECASE,
)

# -- translate

TRANSLATING = re.compile(r"\btranslat\w*\b", re.IGNORECASE)
IN_LANGUAGE = re.compile(
    rf"\b(?:in|into|to)\s+{LANGUAGE}\b|\b{LANGUAGE}\s+(?:version|please|translation|for)\b"
    rf"|^{LANGUAGE}\W*$",
    re.IGNORECASE,
)

# -- describe

DESCRIBING = re.compile(
    r"^(?:describe|caption|explain|identify|recogni[sz]e|read|ocr|count|tell me|list|name|look"
    r"|check|analy[sz]e|inspect|examine|interpret"
    r"|alt[- ]text|write (?:a|an|me a|the) (?:caption|description|alt|title)|give (?:me )?(?:a"
    r"|an|the) (?:caption|description|alt)|transcribe"
    r"|extract|summari[sz]e|compare|find|show me where|point out|type|copy|solve|guess|classify"
    r"|is|are|what|who|which|where|how|does|do)\b",
    re.IGNORECASE,
)
POINTING = re.compile(
    rf"\b(?:{PICTURE}|this|that|here|it|these|those|shown|visible|seen|see|attached|attachment"
    rf"|depicted|left|right|background|foreground"
    r"|colou?rs?|wearing|holding|standing|sitting|look(?:s|ing)? like|sign|label|receipt"
    r"|diagram)\b",
    re.IGNORECASE,
)
LIBRARY = re.compile(
    r"\b(?:leave|notice period|allowance|policy|policies|handbook|contract|probation"
    r"|responsible for|allowed to|entitled|deadline|salary|revenue"
    r"|employees?|company|pension|refunds?|maximum|minimum|attachments|per diem|reimburs\w*"
    r"|insurance|working hours|holidays?|overtime|turnover"
    r"|do (?:i|we) (?:get|have|need|pay)|how (?:do|can|should) (?:i|we)|our|when (?:do|does|is"
    r"|was)|how (?:long|much))\b",
    re.IGNORECASE,
)
TOGETHER = re.compile(  # a question to the documents, about what is on the picture
    r"\b(?:we|our|ours|us)\b|\b(?:the|this|that|a|my) (?:\w+ ){0,2}?(?:handbook|manual"
    r"|polic(?:y|ies)|contracts?"
    r"|guidelines?|guides?|standards?|inventory|catalogues?|library|documents?|documentation"
    r"|regulations?|rules?"
    r"|agreements?|lease|specification|order|database|records)\b|\baccording to\b|\b(?:allowed"
    r"|permitted|forbidden)\b",
    re.IGNORECASE,
)
THE_LAST = re.compile(
    r"\b(?:pictures?|images?|drawings?|photos?|paintings?|sketch|you (?:just )?(?:draw|drew"
    r"|drawn|made|painted|created|generated)|(?:did|have) you (?:just )?(?:draw|drawn|paint"
    r"|make|made)|see (?:in|on) (?:it|that))\b",
    re.IGNORECASE,
)


NO_MORE = re.compile(
    r"^\W*(?:please\s+)?(?:describe|caption|alt[- ]text|explain)\b(?:\s+(?:for"
    r"|of))?(?:\s+(?:this|that|it|the|my|attached|first|second|third|last|picture|image|photo"
    r"|drawing"
    r"|please|here|what you (?:just )?drew|one|file))*\W*$",
    re.IGNORECASE,
)
