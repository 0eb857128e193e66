"""来源机关 on the desk of a portal: who may send, with which key, and how much."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from wagtail.admin import messages
from wagtail.log_actions import log

from cms.context import base_url, is_portal
from disclosure_pages.models import Origin
from disclosure_pages.origin_coverage import read_origins

from .choices import CHANGE, VIEW
from .portal import keys, quotas

LONGEST_OVERLAP = 90


class OriginForm(forms.ModelForm):
    """A township and its limits; an empty limit is that of the settings."""

    class Meta:
        model = Origin
        fields = [
            *("credit_code", "name", "enabled"),
            *("max_items", "max_megabytes", "max_requests"),
        ]
        help_texts = {
            "enabled": gettext_lazy("去掉勾就不再收它的任何东西；已有的信息照常公开。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["credit_code"]  # everything it sent is filed under it
        for name, usual in (
            ("max_items", settings.GONGKAI_ORIGIN_ITEMS),
            ("max_megabytes", settings.GONGKAI_ORIGIN_MEGABYTES),
            ("max_requests", settings.GONGKAI_ORIGIN_REQUESTS),
        ):
            self.fields[name].help_text = _("不填：%(usual)d") % {"usual": usual}


class KeyForm(forms.Form):
    """How long the old key stays good; ``known`` is the newest one that was seen."""

    days = forms.IntegerField(
        label=gettext_lazy("旧密钥继续有效（天）"),
        min_value=0,
        max_value=LONGEST_OVERLAP,
        initial=7,
        help_text=gettext_lazy(
            "这几天里新旧都能用，乡镇在此之前换上新的。泄露了填 0。"
        ),
    )
    known = forms.CharField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True)
class Usage:
    """How much of one limit is used."""

    label: str
    used: int
    most: int

    @property
    def percent(self) -> int:
        """Per cent, 100 at most."""
        return min(100, round(100 * self.used / self.most)) if self.most else 100


class PortalDeskView(PermissionRequiredMixin, View):
    """A page of the portal's desk; a township has no such desk."""

    permission_required = VIEW
    raise_exception = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_portal():
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class OriginsView(PortalDeskView):
    """Every township with its freshness and what it was refused for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "coverage": read_origins(),
            "silent_days": settings.GONGKAI_SILENT_DAYS,
            "may_change": request.user.has_perm(CHANGE),
        }
        return TemplateResponse(request, "tasks/desk/origins.html", context)


class OriginAddView(PortalDeskView):
    """Enter a township before it sends anything."""

    permission_required = CHANGE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(OriginForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = OriginForm(request.POST)
        if not form.is_valid():
            return self._page(form)
        origin = form.save()
        log(instance=origin, action="gongkai.origin", user=request.user)
        messages.success(request, _("已登记。下一步：发一把密钥给它。"))
        return redirect("gongkai_origin", origin.credit_code)

    def _page(self, form: OriginForm) -> HttpResponse:
        context = {"form": form}
        return TemplateResponse(self.request, "tasks/desk/origin_add.html", context)


class OriginView(PortalDeskView):
    """One township: its keys, its limits, what it uses of them."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.page(get_object_or_404(Origin, credit_code=code))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        if not request.user.has_perm(CHANGE):
            return self.handle_no_permission()
        origin = get_object_or_404(Origin, credit_code=code)
        form = OriginForm(request.POST, instance=origin)
        if not form.is_valid():
            return self.page(get_object_or_404(Origin, credit_code=code), form=form)
        log(
            instance=form.save(),
            action="gongkai.origin",
            user=request.user,
            data={name: form.cleaned_data[name] for name in form.changed_data},
        )
        messages.success(request, _("已保存。"))
        return redirect("gongkai_origin", code)

    def page(self, origin: Origin, **extra: Any) -> HttpResponse:
        held = keys.held_keys(origin.credit_code).get(origin.credit_code, [])
        rows = [row for row in read_origins().rows if row.origin.pk == origin.pk]
        items, space, requests = quotas.limits(origin)
        used = quotas.bytes_of(origin.credit_code)
        context = {
            "origin": origin,
            "row": rows[0] if rows else None,
            "keys": held,
            "form": OriginForm(instance=origin),
            "key_form": KeyForm(initial={"known": keys.newest(held)}),
            "usage": [
                Usage(_("公开信息（条）"), quotas.items_of(origin.credit_code), items),
                Usage(
                    _("附件（MB）"),
                    used // quotas.MEGABYTE,
                    space // quotas.MEGABYTE,
                ),
                Usage(
                    _("最近一分钟的请求"),
                    quotas.requests_of(origin.credit_code),
                    requests,
                ),
            ],
            "may_change": self.request.user.has_perm(CHANGE),
        } | extra
        return TemplateResponse(self.request, "tasks/desk/origin.html", context)


class OriginKeyView(OriginView):
    """Give out a new key: shown on this answer only."""

    permission_required = CHANGE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        origin = get_object_or_404(Origin, credit_code=code)
        form = KeyForm(request.POST)
        if not form.is_valid():
            return self.page(origin, key_form=form)
        overlap = timedelta(days=form.cleaned_data["days"])
        try:
            key = keys.replace_key(
                code,
                by=request.user.get_full_name() or request.user.username,
                overlap=overlap,
                known=form.cleaned_data["known"],
            )
        except keys.KeyMoved:
            messages.error(request, _("刚刚已经发过一把新密钥，没有再发。"))
            return redirect("gongkai_origin", code)
        mark = keys.fingerprint(key)
        log(
            instance=origin,
            action="gongkai.origin_key",
            user=request.user,
            data={"fingerprint": mark, "days": overlap.days},
        )
        answer = self.page(origin, new_key=key, new_mark=mark, address=base_url())
        answer["Cache-Control"] = "no-store"
        return answer


class OriginKeyEndView(PortalDeskView):
    """End one key at once."""

    permission_required = CHANGE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        origin = get_object_or_404(Origin, credit_code=code)
        mark = request.POST.get("fingerprint", "")
        if keys.end_now(code, mark):
            log(
                instance=origin,
                action="gongkai.origin_key_end",
                user=request.user,
                data={"fingerprint": mark},
            )
            messages.success(request, _("已停用，用它签名的都不收。"))
        else:
            messages.error(request, _("没有这把密钥，或者已经停用。"))
        return redirect(reverse("gongkai_origin", args=[code]))
