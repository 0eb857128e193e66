"""Who may see what: the tables that the crawl holds against every address.

✓ may · o only what is of one's own office · – must not.
"""

import re

ROLES = (
    *("anon", "clerk", "head", "secrecy", "leader", "officer"),
    *("village", "inspector", "admin", "portal"),
)

# What holds a canary, and who may come across it.
SEES = """
                anon clerk head secrecy leader officer village inspector admin portal
draft            –     o    –      –      –       ✓       –        –       –     –
comment          –     o    –      –      –       ✓       –        –       –     –
review           –     o    o      ✓      ✓       ✓       –        –       –     –
withdrawn        –     o    –      –      –       ✓       –        –       –     –
withheld         –     o    –      –      –       ✓       –        –       –     –
expired          –     o    –      –      –       ✓       –        –       –     –
restricted       –     ✓    ✓      ✓      ✓       ✓       ✓        ✓       ✓     –
point            –     –    –      –      –       ✓       o        –       –     –
site draft       –     –    –      –      –       ✓       –        –       –     –
file             –     o    –      ✓      ✓       ✓       –        –       –     –
picture          –     o    –      ✓      ✓       ✓       –        –       –     –
tag              –     o    –      –      –       ✓       –        –       –     –
upload           –     o    –      –      –       –       –        –       –     –
batch            –     o    –      –      –       ✓       –        –       –     –
filter           –     o    –      –      –       –       –        –       –     –
notice           –     o    –      –      –       –       –        –       –     –
leave            –     –    o      –      –       ✓       –        –       ✓     –
feedback         –     –    –      –      –       ✓       –        –       –     –
outbox           –     –    –      –      –       ✓       –        ✓       ✓     –
question         –     –    –      –      –       ✓       –        ✓       ✓     –
account          –     o    –      –      –       –       –        –       ✓     –
"""

# Who gets an answer (200) where; "o": about things of one's own office only.
ENTERS = """
                anon clerk head secrecy leader officer village inspector admin portal
public           ✓     ✓    ✓      ✓      ✓       ✓       ✓        ✓       ✓     ✓
sign-in          ✓     ✓    ✓      ✓      ✓       ✓       ✓        ✓       ✓     ✓
portal           –     –    –      –      –       –       –        –       –     –
desk             –     ✓    ✓      ✓      ✓       ✓       ✓        ✓       ✓     –
pages            –     o    –      –      –       ✓       –        –       –     –
writing          –     o    –      –      –       ✓       –        –       –     –
review           –     –    o      ✓      ✓       –       –        –       –     –
asking outside   –     o    o      –      –       ✓       –        –       –     –
handing over     –     –    o      ✓      ✓       ✓       –        –       –     –
results          –     o    –      ✓      ✓       ✓       –        –       –     –
hurrying         –     o    –      –      –       ✓       –        –       –     –
taking back      –     o    o      ✓      ✓       ✓       –        –       –     –
files            –     o    –      –      –       ✓       ✓        –       –     –
points           –     –    –      ✓      ✓       ✓       –        ✓       –     –
feedback         –     –    –      –      –       ✓       –        –       –     –
outbox           –     –    –      –      –       ✓       –        ✓       ✓     –
search           –     –    –      –      –       ✓       –        ✓       ✓     –
judging          –     –    –      –      –       ✓       –        –       ✓     –
audit            –     –    ✓      –      –       ✓       –        ✓       ✓     –
catalogue        –     –    –      –      –       ✓       –        –       ✓     –
review rules     –     –    –      –      –       ✓       –        –       ✓     –
organisation     –     –    –      –      –       –       –        –       ✓     –
villages         –     –    –      –      –       ✓       –        –       ✓     –
people           –     –    –      –      –       –       –        –       ✓     –
nobody           –     –    –      –      –       –       –        –       –     –
"""

# Where a route belongs: the first that fits. None of these fits all there is, so that
# a new part of the desk has no place until somebody gives it one.
PLACES = [
    ("sign-in", r"admin/(login|logout|password_reset)/|_util/|documents/authenticate"),
    ("sign-in", r"admin/(jsi18n|sprite)"),
    ("portal", r"portal/v1/"),
    ("public", r"(?!admin/).*"),
    ("desk", r"admin/($|\.\*/\$|account/|dismissibles/|editing-sessions/)"),
    ("desk", r"admin/(test404/|today/|block-preview/|saved-filters/)"),
    ("desk", r"admin/(notices|my-absences)/"),
    ("desk", r"admin/choose-(page|\w+-link)/|admin/(embeds|public-item)/"),
    ("desk", r"admin/api/main/|admin/tag-autocomplete/|admin/snippets/choose/"),
    ("desk", r"admin/review/(next/)?$|admin/snippets/$|admin/pages/($|search/|usage/)"),
    ("desk", r"admin/(items/|superior/|originals/|bulk/|reports/(?!reading-points))"),
    ("desk", r"admin/forms/|admin/(documents|images)/chooser/|admin/pages/create/"),
    ("desk", r"admin/pages/.*(unschedule|confirm_cancellation)/"),
    ("desk", r"admin/workflows/task_chooser/"),
    ("pages", r"admin/pages/|admin/checks/"),
    ("writing", r"admin/(publish|load|superiors)/"),
    ("results", r"admin/review/batch/<uuid:batch>/result/"),
    ("handing over", r"admin/review/<int:task_state_id>/hand-over/"),
    ("review", r"admin/review/"),
    ("hurrying", r"admin/priority/"),
    ("asking outside", r"admin/opinions/"),
    ("taking back", r"admin/withdraw(als)?/"),
    ("files", r"admin/(documents|images)/"),
    ("points", r"admin/reports/reading-points/"),
    ("feedback", r"admin/feedback/"),
    ("outbox", r"admin/outbox/"),
    ("judging", r"admin/search/(questions|judge|indexes/<str:engine>)/"),
    ("search", r"admin/search/"),
    ("audit", r"admin/audit/"),
    ("catalogue", r"admin/snippets/disclosure_pages/|admin/(rules|harvest)/"),
    ("catalogue", r"admin/saved-searches/"),
    ("catalogue", r"admin/snippets/gongkai_cms/(calendarday|steeringmember)/"),
    ("catalogue", r"admin/snippets/gongkai_cms/(secrecyquestion|legalground)/"),
    (
        "catalogue",
        r"admin/snippets/gongkai_(cms/cannedreason|search/(synonym|bestbet|userword))/",
    ),
    ("catalogue", r"admin/snippets/gongkai_tasks/portaltemplate/"),
    ("review rules", r"admin/snippets/gongkai_cms/(reviewpath|standin|absence)/"),
    ("villages", r"admin/snippets/gongkai_cms/village/"),
    ("organisation", r"admin/snippets/gongkai_cms/office/|admin/settings/"),
    ("people", r"admin/(users|groups)/"),
    ("nobody", r"admin/origins/"),  # a portal's desk: the township has none
    ("nobody", r"admin/(sites|redirects|collections|workflows)/"),
]


def read(table: str) -> dict[str, dict[str, str]]:
    """Return row → role → cell of a table."""
    head, *rows = table.strip().splitlines()
    roles = head.split()
    found = {}
    for row in rows:
        name, *cells = re.split(r"\s{2,}", row.strip())
        assert len(cells) == len(roles) and set(cells) <= set("✓o–"), row
        found[name] = dict(zip(roles, cells, strict=True))
    assert tuple(roles) == ROLES
    return found


def place(route: str) -> str | None:
    """Return the row of ENTERS to which a route belongs; None: nobody said."""
    plain = route.replace("^", "")
    return next((name for name, where in PLACES if re.match(where, plain)), None)
