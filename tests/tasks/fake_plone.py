"""A Plone 6 site in memory: ``python fake_plone.py PORT``; a real HTTP process.

Answers as Plone 6.1.5 with plone.restapi 9.15.7 was seen to: names found further up
the tree (acquisition), unknown indexes dropped, 500 with a Location when writers
collide, an id in use as 400, locks, files as visible as their folder, tus that appends
without looking at the offset. ``POST /__fault`` sets faults, ``GET /__asked`` tells
what was asked.
"""

import base64
import itertools
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNT = "sync-bot:secret"
EDITOR = "editor:secret"
TYPES = ("Folder", "News Item", "File")
INDEXES = {"getId", "Subject", "portal_type", "review_state", "UID"}
MOVES = {"publish": "published", "submit": "pending", "retract": "private",
         "reject": "private"}  # fmt: skip
LOCK = threading.RLock()
NUMBERS = itertools.count(1)
FAULTS = {"conflicts": 0, "lost": 0, "down": False}
ASKED = []
UPLOADS = {}


class Node:
    def __init__(self, parent, name, kind, fields):
        self.parent, self.name, self.kind = parent, name, kind
        self.fields = dict(fields)
        self.children = {}
        self.state = None if kind == "File" else "private"
        self.uid = f"{next(NUMBERS):032x}"
        self.locked_by = None
        self.file = b""

    @property
    def path(self):
        return f"{self.parent.path}/{self.name}" if self.parent else "/Plone"

    @property
    def public(self):
        return self.parent.public if self.kind == "File" else self.state == "published"

    def below(self):
        for child in self.children.values():
            yield child
            yield from child.below()

    def set_file(self, data, name, mime):
        self.file = data
        self.fields["file"] = {"filename": name, "content-type": mime,
                               "size": len(data)}  # fmt: skip

    def as_json(self, base):
        shown = {
            "@id": base + self.path,
            "@type": self.kind,
            "id": self.name,
            "UID": self.uid,
            "title": self.fields.get("title", ""),
            "description": self.fields.get("description", ""),
            "subjects": self.fields.get("subjects", []),
            "review_state": self.state,
        }
        for name in ("text", "rights", "effective", "file"):
            if name in self.fields:
                shown[name] = self.fields[name]
        return shown


ROOT = Node(None, "Plone", "Site", {"title": "门户"})
ROOT.state = "published"
HOME = Node(ROOT, "xinxi", "Folder", {"title": "政府信息公开目录"})
HOME.state = "published"
ROOT.children["xinxi"] = HOME


class Problem(Exception):
    def __init__(self, status, message, kind, *, nested=False, location=""):
        super().__init__(message)
        said = {"message": message, "type": kind}
        self.answer = (status, {"error": said} if nested else said)
        self.location = location


def refused(message):
    return Problem(400, message, "BadRequest")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def _send(self, status, data=None, **headers):
        body = b"" if data is None else data
        kind = "application/octet-stream"
        if not isinstance(body, bytes):
            body, kind = json.dumps(body).encode(), "application/json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/__fault":
            FAULTS.update(json.loads(body))
            ASKED.clear()
            return self._send(200, {})
        if self.path == "/__asked":
            return self._send(200, ASKED)
        with LOCK:
            ASKED.append(f"{self.command} {unquote(self.path)}")
            if FAULTS["down"]:
                return self._send(503, {})
            try:
                answer = self._work(body)
            except Problem as problem:
                answer = problem.answer
                if problem.location:
                    return self._send(*answer, Location=problem.location)
            if self.command in ("POST", "PATCH", "DELETE") and FAULTS["lost"] > 0:
                FAULTS["lost"] -= 1
                self.close_connection = True
                return None
        headers = answer[2] if len(answer) > 2 else {}
        return self._send(answer[0], answer[1], **headers)

    do_GET = do_POST = do_PATCH = do_DELETE = do_HEAD = _answer

    @property
    def base(self):
        return f"http://{self.headers['Host']}"

    @property
    def user(self):
        scheme, _space, text = self.headers.get("Authorization", "").partition(" ")
        given = base64.b64decode(text).decode() if scheme == "Basic" else ""
        return given.partition(":")[0] if given in (ACCOUNT, EDITOR) else None

    def _work(self, body):
        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query)
        node, rest = self._traverse([unquote(p) for p in parts.path.split("/") if p])
        if not (node.public or self.user):
            raise Problem(401, "You are not authorized to access this resource.",
                          "Unauthorized")  # fmt: skip
        if rest[:1] == ["@tus-upload"]:
            return self._tus(node, rest[1:], body)
        if self.command == "HEAD":
            return 404, None
        message = {}
        if body:
            try:
                message = json.loads(body)
            except ValueError:
                raise Problem(500, "'No JSON object could be decoded'",
                              "DeserializationError") from None  # fmt: skip
        name = rest[0].lstrip("@") if rest else "content"
        act = getattr(self, f"{self.command.lower()}_{name}", None)
        if act is None:
            raise self._nothing()
        if self.command != "GET" and not self.user:
            raise Problem(401, "You are not authorized to access this resource.",
                          "Unauthorized")  # fmt: skip
        return act(node, message, rest[1:])

    def _nothing(self):
        url = self.base + unquote(self.path)
        return Problem(404, f"Resource not found: {url}", "NotFound")

    def _traverse(self, names):
        """Follow the names; one that is not here may be found further up."""
        if names[:1] != ["Plone"]:
            raise self._nothing()
        node, names = ROOT, names[1:]
        while names and not names[0].startswith("@"):
            where = node
            while where is not None and names[0] not in where.children:
                where = where.parent
            if where is None:
                raise self._nothing()
            node, names = where.children[names[0]], names[1:]
        return node, names

    # What is there

    def get_content(self, node, message, rest):
        shown = node.as_json(self.base)
        if node.kind == "Folder":
            rows = [child for child in node.children.values()
                    if child.public or self.user]  # fmt: skip
            shown["items"] = [child.as_json(self.base) for child in rows]
            shown["items_total"] = len(rows)
        return 200, shown

    def get_download(self, node, message, rest):
        return 200, node.file

    def get_types(self, node, message, rest):
        if not self.user:
            raise Problem(401, "Unauthorized()", "Unauthorized")
        return 200, [{"id": kind, "addable": True} for kind in TYPES]

    def get_search(self, node, message, rest):
        asked = {name: set(self.query[name]) for name in INDEXES & set(self.query)}
        rows = [
            each
            for each in node.below()
            if (each.public or self.user) and self._fits(each, asked)
        ]
        rows.sort(key=lambda each: each.name)
        start = int(self.query.get("b_start", ["0"])[0])
        size = int(self.query.get("b_size", ["25"])[0])
        found = [self._brain(each) for each in rows[start : start + size]]
        return 200, {"items": found, "items_total": len(rows)}

    def _fits(self, node, asked):
        values = {
            "getId": {node.name},
            "Subject": set(node.fields.get("subjects", [])),
            "portal_type": {node.kind},
            "review_state": {node.state},
            "UID": {node.uid},
        }
        return all(values[name] & wanted for name, wanted in asked.items())

    def _brain(self, node):
        shown = node.as_json(self.base)
        values = {
            "getId": node.name,
            "Subject": shown["subjects"],
            "Title": shown["title"],
            "Description": shown["description"],
            "UID": node.uid,
            "review_state": node.state,
        }
        kept = {name: shown[name] for name in ("@id", "@type", "title", "description",
                                               "review_state")}  # fmt: skip
        wanted = self.query.get("metadata_fields", [])
        return {**kept, **{name: values[name] for name in wanted if name in values}}

    # Writing

    def post_content(self, node, message, rest):
        kind = message.get("@type")
        if not kind:
            raise refused("Property '@type' is required")
        if kind not in TYPES:
            raise Problem(403, f"Invalid '@type' parameter. No content type with the "
                          f"name '{kind}' found", "Forbidden", nested=True)  # fmt: skip
        if kind != "File" and not message.get("title"):
            raise refused("[{'message': '缺少必需的输入', 'field': 'title', "
                          "'error': 'ValidationError'}]")  # fmt: skip
        name = message.get("id") or f"guan-yu-{next(NUMBERS)}"
        if name in node.children:
            raise refused(f'The id "{name}" is invalid - it is already in use.')
        url = f"{self.base}{node.path}/{name}"
        self._collide(url)
        apart = ("@type", "id", "file")
        fields = {name: value for name, value in message.items() if name not in apart}
        made = Node(node, name, kind, fields)
        if sent := message.get("file"):
            data = base64.b64decode(sent["data"])
            made.set_file(data, sent["filename"], sent["content-type"])
        node.children[name] = made
        return 201, made.as_json(self.base), {"Location": url}

    def _collide(self, url):
        if FAULTS["conflicts"] > 0:
            FAULTS["conflicts"] -= 1
            raise Problem(500, "database conflict error (oid 0x01, class "
                          "BTrees.IIBTree.IITreeSet)", "ConflictError",
                          location=url)  # fmt: skip

    def _not_locked(self, node):
        if node.locked_by not in (None, self.user):
            raise Problem(403, "Resource is locked.", "Forbidden", nested=True)

    def patch_content(self, node, message, rest):
        self._not_locked(node)
        self._collide(self.base + node.path)
        name = message.pop("id", node.name)
        message.pop("review_state", None)
        node.fields.update(message)
        if name != node.name:
            del node.parent.children[node.name]
            node.name = name
            node.parent.children[name] = node
        return 204, None

    def delete_content(self, node, message, rest):
        asked = unquote(urlsplit(self.path).path)
        if node.path != asked:
            raise self._nothing()
        self._not_locked(node)
        del node.parent.children[node.name]
        return 204, None

    def post_workflow(self, node, message, rest):
        if node.kind == "File" or rest[0] not in MOVES:
            raise refused("Invalid transition")
        self._collide(self.base + node.path)
        node.state = MOVES[rest[0]]
        return 200, {"action": rest[0], "review_state": node.state}

    def post_copy(self, node, message, rest):
        source, _rest = self._traverse(urlsplit(message["source"]).path.split("/")[1:])
        name = f"copy_of_{source.name}" if source.name in node.children else source.name
        copy = Node(node, name, source.kind, source.fields)
        node.children[name] = copy
        return 200, [{"source": message["source"], "target": self.base + copy.path}]

    def post_move(self, node, message, rest):
        source, _rest = self._traverse(urlsplit(message["source"]).path.split("/")[1:])
        del source.parent.children[source.name]
        source.parent = node
        node.children[source.name] = source
        return 200, [{"source": message["source"], "target": self.base + source.path}]

    def post_lock(self, node, message, rest):
        node.locked_by = self.user
        return 200, {"locked": True}

    def delete_lock(self, node, message, rest):
        if message.get("force") or node.locked_by == self.user:
            node.locked_by = None
        return 200, {"locked": node.locked_by is not None}

    def _tus(self, node, rest, body):
        if not self.user:
            raise Problem(401, "Unauthorized()", "Unauthorized")
        if not rest:
            about = dict(pair.split(" ", 1) for pair in
                         self.headers["Upload-Metadata"].split(","))  # fmt: skip
            key = f"{next(NUMBERS):032x}"
            UPLOADS[key] = (bytearray(), int(self.headers["Upload-Length"]), about)
            place = f"{self.base}{node.path}/@tus-upload/{key}"
            return 201, None, {"Location": place}
        if rest[0] not in UPLOADS:
            return 404, {"error": {"message": "", "type": "Not Found"}}
        held, length, about = UPLOADS[rest[0]]
        if self.command == "HEAD":
            return 200, None, {"Upload-Offset": str(len(held))}
        held += body  # whatever Upload-Offset says
        if len(held) < length:
            return 204, None, {"Upload-Offset": str(len(held))}
        del UPLOADS[rest[0]]
        told = {name: base64.b64decode(text).decode() for name, text in about.items()}
        stem = re.sub(r"[^a-z0-9.]+", "-", told["filename"].lower()).strip("-") or "wen"
        name = stem
        while name in node.children:
            name = f"{next(NUMBERS)}-{stem}"
        made = Node(node, name, "File", {"title": told["filename"]})
        made.set_file(bytes(held), told["filename"], told["content-type"])
        node.children[name] = made
        return 204, None, {"Location": self.base + made.path}


def main():
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
