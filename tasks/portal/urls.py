from django.urls import re_path

from . import views

ORIGIN = r"(?P<origin>[0-9A-Z]{18})"

urlpatterns = [
    re_path(
        rf"^portal/v1/items/{ORIGIN}/(?P<key>[0-9a-f]{{32}})$",
        views.item,
        name="portal_item",
    ),
    re_path(
        r"^portal/v1/files/(?P<sha256>[0-9a-f]{64})$", views.file, name="portal_file"
    ),
    re_path(rf"^portal/v1/digest/{ORIGIN}$", views.digest, name="portal_digest"),
    re_path(rf"^portal/v1/manifest/{ORIGIN}$", views.manifest, name="portal_manifest"),
]
