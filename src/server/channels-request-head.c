/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-request-head.h"

#include "channels-authority.h"
#include "channels-names.h"
#include "channels-secret.h"

#include <string.h>

/* A strict reader of one HTTP/1.1 request head (RFC 9112), and the WebSocket handshake within it
 * (RFC 6455, section 4.2.1).
 *
 * What libsoup is lenient with never reaches it: the head is read here first, and libsoup is
 * given another one, written anew from the few fields that matter. So nothing that two readers
 * could take in two ways (request smuggling) survives, and no field that libsoup would act on
 * (Range, Transfer-Encoding, extensions of the WebSocket) does.
 *
 * The first check that fails is the answer, in this order:
 *
 *  1. bytes: one blank line, at the end; CR and LF in pairs only; no control bytes     400
 *  2. request line: method SP target SP HTTP/d.d                                       400
 *  3. fields: at most 64                                                               431
 *     no folding, token names, no space before the colon, ASCII where we read them     400
 *  4. target of at most 2,048 bytes                                                    414
 *  5. version 1.1                                                                      505
 *  6. method GET or HEAD                                                               405
 *  7. target: a path, percent-encoded as it should be, no `%00`                        400
 *  8. no Transfer-Encoding                                                             413
 *     at most one Content-Length, digits                                               400
 *     within the bound for bodies                                                      413
 *     no Expect                                                                        417
 *  9. one Host, `host` or `host:port`                                                  400
 * 10. at most one Origin, of at most 300 bytes                                         400
 * 11. an upgrade to websocket is a GET without a body                                  400
 *     of version 13                                                                    426
 *     with one key of 16 bytes, and subprotocols that are tokens                       400
 *
 * Messages never repeat what the peer sent. */

/* Fields that we read. All others are checked and dropped. */
typedef enum
{
  FIELD_CONNECTION,
  FIELD_CONTENT_LENGTH,
  FIELD_EXPECT,
  FIELD_HOST,
  FIELD_KEY,
  FIELD_ORIGIN,
  FIELD_PROTOCOL,
  FIELD_TRANSFER_ENCODING,
  FIELD_UPGRADE,
  FIELD_VERSION,
  N_FIELDS,
} Field;

static const char *const field_names[] = {
  [FIELD_CONNECTION] = "Connection",
  [FIELD_CONTENT_LENGTH] = "Content-Length",
  [FIELD_EXPECT] = "Expect",
  [FIELD_HOST] = "Host",
  [FIELD_KEY] = "Sec-WebSocket-Key",
  [FIELD_ORIGIN] = "Origin",
  [FIELD_PROTOCOL] = "Sec-WebSocket-Protocol",
  [FIELD_TRANSFER_ENCODING] = "Transfer-Encoding",
  [FIELD_UPGRADE] = "Upgrade",
  [FIELD_VERSION] = "Sec-WebSocket-Version",
};

G_STATIC_ASSERT (G_N_ELEMENTS (field_names) == N_FIELDS);

/* What the fields of one head said. */
typedef struct
{
  guint total;
  guint count[N_FIELDS];
  char *value[N_FIELDS]; /* (owned) (nullable) several of one name: joined by ", " */
} Fields;

static void
fields_clear (Fields *self)
{
  for (guint i = 0; i < N_FIELDS; i++)
    g_clear_pointer (&self->value[i], channels_secret_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fields, fields_clear)

static gboolean
fail (GError **error, int status, const char *sentence)
{
  g_set_error_literal (error, CHANNELS_HTTP_ERROR, status, sentence);
  return FALSE;
}

static gboolean
is_token (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isalnum (text[i]) &&
          (text[i] == '\0' || strchr ("!#$%&'*+-.^_`|~", text[i]) == NULL))
        return FALSE;
    }

  return length > 0;
}

/* Skips the blanks at both ends of what goes from *@text to @end, and says how many bytes are left.
 * Only those are copied then: what is moved leaves its end behind, which nobody would wipe. */
static gsize
trim (const char **text, const char *end)
{
  while (*text < end && (**text == ' ' || **text == '\t'))
    (*text)++;
  while (end > *text && (end[-1] == ' ' || end[-1] == '\t'))
    end--;

  return end - *text;
}

/* The elements of a list of tokens, joined by ", ", lower and upper case as they came; NULL if one
 * is no token. */
static char *
join_tokens (const char *list)
{
  /* At most one byte more for each comma. */
  g_autoptr (ChannelsSecret) joined = g_malloc0 (2 * strlen (list) + 1);
  char *end = joined;

  for (const char *token = list[0] != '\0' ? list : NULL; token != NULL;)
    {
      const char *comma = strchrnul (token, ',');
      gsize length = trim (&token, comma);

      if (!is_token (token, length))
        return NULL;
      if (end != joined)
        end = stpcpy (end, ", ");
      end = mempcpy (end, token, length);
      token = *comma != '\0' ? comma + 1 : NULL;
    }

  return g_steal_pointer (&joined);
}

static gboolean
list_has (const char *list, const char *token)
{
  g_auto (GStrv) tokens = list != NULL ? g_strsplit (list, ",", -1) : NULL;

  for (guint i = 0; tokens != NULL && tokens[i] != NULL; i++)
    {
      if (g_ascii_strcasecmp (g_strstrip (tokens[i]), token) == 0)
        return TRUE;
    }

  return FALSE;
}

/* NUL, CR and LF that stand alone, and all other control bytes but HTAB. Not those of the upper
 * half, which are parts of letters in UTF-8: browsers send us the cookies of all services of this
 * host, whatever their port, as they were set. Where we read a field it is ASCII. */
static gboolean
check_bytes (const char *data, gsize length, GError **error)
{
  for (gsize i = 0; i < length; i++)
    {
      guchar byte = (guchar) data[i];

      if (byte == '\r' && i + 1 < length && data[i + 1] == '\n')
        i++;
      else if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
        return fail (error, 400, "the request's head has a control byte");
    }

  return TRUE;
}

/* Whole and alone: the only blank line is at the end. */
static gboolean
check_shape (const char *data, gsize length, GError **error)
{
  if (length == 0 || channels_request_head_find_end (data, length) != (gssize) length)
    return fail (error, 400, "the request's head is not whole");

  return check_bytes (data, length, error);
}

/* Splits off "method SP target SP version", all of it visible ASCII. */
static gboolean
parse_request_line (const char *line,
                    gsize length,
                    char **out_method,
                    char **out_target,
                    char **out_version,
                    GError **error)
{
  const char *end = line + length;
  const char *first = memchr (line, ' ', length);
  const char *second = first != NULL ? memchr (first + 1, ' ', end - first - 1) : NULL;
  const char *version;

  for (gsize i = 0; i < length; i++)
    {
      if (line[i] == '\t' || (guchar) line[i] >= 0x7f)
        return fail (error, 400, "the request line is malformed");
    }

  if (second == NULL || second == first + 1 || !is_token (line, first - line))
    return fail (error, 400, "the request line is malformed");

  version = second + 1;
  if (end - version != 8 || memcmp (version, "HTTP/", 5) != 0 || !g_ascii_isdigit (version[5]) ||
      version[6] != '.' || !g_ascii_isdigit (version[7]))
    return fail (error, 400, "the request line names no HTTP version");

  *out_method = g_strndup (line, first - line);
  *out_target = g_strndup (first + 1, second - first - 1);
  *out_version = g_strndup (version, end - version);

  return TRUE;
}

static int
find_field (const char *name, gsize length)
{
  for (int i = 0; i < N_FIELDS; i++)
    {
      if (strlen (field_names[i]) == length &&
          g_ascii_strncasecmp (field_names[i], name, length) == 0)
        return i;
    }

  return -1;
}

static gboolean
fields_add_line (Fields *self, const char *line, gsize length, GError **error)
{
  const char *colon = memchr (line, ':', length);
  const char *text;
  g_autoptr (ChannelsSecret) value = NULL;
  g_autoptr (ChannelsSecret) earlier = NULL;
  int field;

  if (++self->total > CHANNELS_REQUEST_FIELDS_MAX)
    return fail (error, 431, "the request has too many header fields");
  if (line[0] == ' ' || line[0] == '\t')
    return fail (error, 400, "the request has a folded header field");
  if (colon == NULL || !is_token (line, colon - line))
    return fail (error, 400, "the request has a header field without a proper name");

  field = find_field (line, colon - line);
  if (field < 0)
    return TRUE;

  text = colon + 1;
  length = trim (&text, line + length);
  value = g_strndup (text, length);
  if (!g_str_is_ascii (value))
    return fail (error, 400, "the request has a header field that is not ASCII");

  earlier = g_steal_pointer (&self->value[field]);
  self->value[field] =
      earlier != NULL ? g_strconcat (earlier, ", ", value, NULL) : g_steal_pointer (&value);
  self->count[field]++;

  return TRUE;
}

/* Splits the target into path and query; RFC 3986's characters and no others. */
static gboolean
parse_target (ChannelsRequestHead *self, const char *target, GError **error)
{
  const char *question = strchr (target, '?');

  if (target[0] != '/')
    return fail (error, 400, "the request's target is not a path");

  for (const char *c = target; *c != '\0'; c++)
    {
      if (*c == '%' &&
          (!g_ascii_isxdigit (c[1]) || !g_ascii_isxdigit (c[2]) || (c[1] == '0' && c[2] == '0')))
        return fail (error, 400, "the request's target is badly percent-encoded");
      if (!g_ascii_isalnum (*c) && strchr ("%-._~!$&'()*+,;=:@/?", *c) == NULL)
        return fail (error, 400, "the request's target has a character that must be encoded");
    }

  self->path = question != NULL ? g_strndup (target, question - target) : g_strdup (target);
  self->query = question != NULL ? g_strdup (question + 1) : NULL;

  return TRUE;
}

static gboolean
parse_body (ChannelsRequestHead *self, const Fields *fields, gsize max_body, GError **error)
{
  const char *digits = fields->value[FIELD_CONTENT_LENGTH];
  guint64 body = 0;

  if (fields->count[FIELD_TRANSFER_ENCODING] > 0)
    return fail (error, 413, "a request here has no body of unknown length");

  if (digits != NULL)
    {
      if (fields->count[FIELD_CONTENT_LENGTH] > 1 || digits[0] == '\0' ||
          digits[strspn (digits, "0123456789")] != '\0')
        return fail (error, 400, "the request's Content-Length is not one number");
      if (!g_ascii_string_to_unsigned (digits, 10, 0, max_body, &body, NULL))
        return fail (error, 413, "the request's body is too large");
    }

  if (fields->count[FIELD_EXPECT] > 0)
    return fail (error, 417, "no expectation can be met here");

  self->content_length = (gsize) body;
  return TRUE;
}

static gboolean
parse_names (ChannelsRequestHead *self, Fields *fields, GError **error)
{
  ChannelsAuthority ignored;

  if (fields->count[FIELD_HOST] != 1)
    return fail (error, 400, "the request must have one Host field");
  if (!channels_authority_parse (fields->value[FIELD_HOST], &ignored))
    return fail (error, 400, "the request's Host is not a host, or host:port");
  if (fields->count[FIELD_ORIGIN] > 1)
    return fail (error, 400, "the request has more than one Origin field");
  if (fields->value[FIELD_ORIGIN] != NULL &&
      strlen (fields->value[FIELD_ORIGIN]) > CHANNELS_ORIGIN_LENGTH_MAX)
    return fail (error, 400, "the request's Origin is too long");

  self->host = g_steal_pointer (&fields->value[FIELD_HOST]);
  self->origin = g_steal_pointer (&fields->value[FIELD_ORIGIN]);

  return TRUE;
}

/* 16 bytes in base64: 22 characters of its alphabet, then "==". */
static gboolean
is_key (const char *value)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  return strlen (value) == 24 && strspn (value, alphabet) == 22 && g_str_has_suffix (value, "==");
}

static gboolean
parse_upgrade (ChannelsRequestHead *self, Fields *fields, GError **error)
{
  const char *protocols = fields->value[FIELD_PROTOCOL];

  if (!list_has (fields->value[FIELD_UPGRADE], "websocket") ||
      !list_has (fields->value[FIELD_CONNECTION], "upgrade"))
    return TRUE;

  if (strcmp (self->method, "GET") != 0)
    return fail (error, 400, "an upgrade to WebSocket must be a GET");
  if (self->content_length > 0)
    return fail (error, 400, "an upgrade to WebSocket must have no body");
  if (fields->count[FIELD_VERSION] != 1 || strcmp (fields->value[FIELD_VERSION], "13") != 0)
    return fail (error, 426, "the WebSocket protocol's version here is 13");
  if (fields->count[FIELD_KEY] != 1 || !is_key (fields->value[FIELD_KEY]))
    return fail (error, 400, "an upgrade to WebSocket must have one Sec-WebSocket-Key of 16 bytes");

  if (protocols != NULL)
    {
      self->protocols = join_tokens (protocols);
      if (self->protocols == NULL)
        return fail (error, 400, "the WebSocket subprotocols are not a list of tokens");
    }
  self->key = g_steal_pointer (&fields->value[FIELD_KEY]);

  return TRUE;
}

/* The lines between the request line and the blank one at the end. */
static gboolean
parse_fields (Fields *fields, const char *line, const char *end, GError **error)
{
  while (line < end)
    {
      const char *line_end = memchr (line, '\r', end - line);

      if (!fields_add_line (fields, line, line_end - line, error))
        return FALSE;
      line = line_end + 2;
    }

  return TRUE;
}

/**
 * channels_request_head_find_end:
 * @data: (array length=length): what has arrived so far
 * @length: bytes
 *
 * Looks for the blank line that ends a head. The search starts at the first byte each time:
 * bound @length, and do not ask again without new bytes.
 *
 * Returns: bytes up to the blank line, itself included, or -1 if it is not there yet
 */
gssize
channels_request_head_find_end (const char *data, gsize length)
{
  const char *blank;

  g_return_val_if_fail (data != NULL || length == 0, -1);

  blank = length > 0 ? memmem (data, length, "\r\n\r\n", 4) : NULL;

  return blank != NULL ? blank + 4 - data : -1;
}

/**
 * channels_request_head_parse:
 * @data: (array length=length): a head, exactly as far as channels_request_head_find_end() says
 * @length: bytes
 * @max_body: bytes that a body may have
 * @error: return location for a `GError`, or `NULL`
 *
 * Reads a request's head strictly. The bound on @length is the caller's, who answers 431 past it.
 *
 * Fails in the domain `CHANNELS_HTTP_ERROR`, with the HTTP status as code: 400 (malformed), 405
 * (method), 413 (body), 414 (target too long), 417 (`Expect`), 426 (WebSocket version), 431 (too
 * many fields) or 505 (HTTP version). The head of this file's source has the order of checks.
 *
 * Returns: (transfer full): what it said, or `NULL` with @error set
 */
ChannelsRequestHead *
channels_request_head_parse (const char *data, gsize length, gsize max_body, GError **error)
{
  g_autoptr (ChannelsRequestHead) self = g_new0 (ChannelsRequestHead, 1);
  g_auto (Fields) fields = { 0 };
  g_autoptr (ChannelsSecret) target = NULL;
  g_autofree char *version = NULL;
  const char *line_end;

  g_return_val_if_fail (data != NULL || length == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check_shape (data, length, error))
    return NULL;

  line_end = memchr (data, '\r', length);
  if (!parse_request_line (data, line_end - data, &self->method, &target, &version, error) ||
      !parse_fields (&fields, line_end + 2, data + length - 2, error))
    return NULL;

  if (strlen (target) > CHANNELS_REQUEST_TARGET_MAX)
    {
      fail (error, 414, "the request's target is too long");
      return NULL;
    }
  if (strcmp (version, "HTTP/1.1") != 0)
    {
      fail (error, 505, "only HTTP/1.1 is spoken here");
      return NULL;
    }
  if (strcmp (self->method, "GET") != 0 && strcmp (self->method, "HEAD") != 0)
    {
      fail (error, 405, "only GET and HEAD are answered here");
      return NULL;
    }

  if (!parse_target (self, target, error) || !parse_body (self, &fields, max_body, error) ||
      !parse_names (self, &fields, error) || !parse_upgrade (self, &fields, error))
    return NULL;

  return g_steal_pointer (&self);
}

/* Subprotocols are compared byte by byte, unlike other tokens. */
static gboolean
offers (const ChannelsRequestHead *self, const char *protocol)
{
  char **tokens = self->protocols != NULL ? g_strsplit (self->protocols, ", ", -1) : NULL;
  gboolean found = tokens != NULL && g_strv_contains ((const char *const *) tokens, protocol);

  channels_secret_freev (tokens);

  return found;
}

/**
 * channels_request_head_to_string:
 * @self: a head
 *
 * Writes the head anew, for libsoup to read: request line and Host; for an upgrade what the
 * handshake needs and the Origin, and of the subprotocols ours alone, if it was offered; for
 * anything else `Connection: close`. Nothing else, whatever the browser sent.
 *
 * The query is left out: nothing behind this door reads it, and it may hold a ticket.
 *
 * Returns: (transfer full): a head, blank line included
 */
char *
channels_request_head_to_string (const ChannelsRequestHead *self)
{
  GString *head;

  g_return_val_if_fail (self != NULL, NULL);

  head = g_string_new (NULL);
  g_string_append_printf (head, "%s %s HTTP/1.1\r\nHost: %s\r\n", self->method, self->path,
                          self->host);

  if (self->key != NULL)
    {
      g_string_append_printf (head,
                              "Upgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: %s\r\n",
                              self->key);
      if (offers (self, CHANNELS_SUBPROTOCOL))
        g_string_append (head, "Sec-WebSocket-Protocol: " CHANNELS_SUBPROTOCOL "\r\n");
      if (self->origin != NULL)
        g_string_append_printf (head, "Origin: %s\r\n", self->origin);
    }
  else
    {
      g_string_append (head, "Connection: close\r\n");
    }

  g_string_append (head, "\r\n");
  return g_string_free (head, FALSE);
}

/**
 * channels_request_head_free:
 * @self: (transfer full) (nullable): a head
 *
 * Frees it, and wipes what may have held a ticket.
 */
void
channels_request_head_free (ChannelsRequestHead *self)
{
  if (self == NULL)
    return;

  g_free (self->method);
  g_free (self->path);
  channels_secret_free (self->query);
  g_free (self->host);
  g_free (self->origin);
  g_free (self->key);
  channels_secret_free (self->protocols);
  g_free (self);
}
