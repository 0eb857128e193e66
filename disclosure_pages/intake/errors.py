"""What libraries raise when a file is not what it claims to be."""

import struct
import zipfile
import zlib
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

import pikepdf
from defusedxml import DefusedXmlException
from lxml.etree import LxmlError
from PIL import Image, UnidentifiedImageError
from pypdfium2 import PdfiumError
from python_calamine import CalamineError

from disclosure_pages.choices import TextState

# Parsers of foreign files fail in any of these ways; none of them is our own mistake.
DAMAGED = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, AttributeError),
    *(ArithmeticError, NotImplementedError, RecursionError, MemoryError),
    *(RuntimeError, struct.error, zlib.error, zipfile.BadZipFile),
    *(ParseError, ExpatError, DefusedXmlException, LxmlError),
    *(PdfiumError, pikepdf.PdfError, CalamineError),
    *(UnidentifiedImageError, Image.DecompressionBombError),
)


class Unreadable(Exception):
    """The file gives no text; carries the state and what the clerk should do."""

    def __init__(self, state: TextState, message: str) -> None:
        super().__init__(message)
        self.state = state
        self.message = message
