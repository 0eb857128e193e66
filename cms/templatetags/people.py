"""How templates name a person."""

from django import template

from cms.people import person_name

register = template.Library()
register.filter("person", person_name)
