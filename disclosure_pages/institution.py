"""The authority's organisation (机构职能) as the register has it now."""

from dataclasses import dataclass

from cms.context import public_path
from cms.models import Authority, Office, SteeringMember
from disclosure_pages.models import OfficeIndexPage

ORDER = {"leader": 0, "deputy": 1, "member": 2}


@dataclass(frozen=True)
class OfficeRow:
    """An office with the address of its list, empty where it has none."""

    office: Office
    url: str


@dataclass(frozen=True)
class Institution:
    """What the register says of the authority's organisation."""

    authority: Authority
    offices: list[OfficeRow]
    members: list[SteeringMember]

    @property
    def names_heads(self) -> bool:
        """Whether the register names the head of any office."""
        return any(row.office.head_name for row in self.offices)


def institution(authority: Authority) -> Institution:
    """Return the offices and the steering group (three queries)."""
    public = OfficeIndexPage.objects.live().values_list("office", "url_path")
    addresses = {office: public_path(url_path) for office, url_path in public}
    members = SteeringMember.objects.select_related("office")
    return Institution(
        authority,
        [OfficeRow(row, addresses.get(row.pk, "")) for row in Office.objects.all()],
        sorted(members, key=lambda member: ORDER.get(member.role, len(ORDER))),
    )
