"""The site's addresses and a request form, as later parts of the site bring one."""

from django.http import HttpResponse
from django.urls import path

from cms.urls import urlpatterns as site_patterns

urlpatterns = [
    path("request/", lambda request: HttpResponse(), name="request_form"),
    *site_patterns,
]
