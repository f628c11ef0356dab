/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-json-reader.h"

#include "channels-json-number.h"
#include "channels-json.h"

#include <string.h>

/**
 * ChannelsJsonReader:
 *
 * The one place where JSON is taken apart, strictly as RFC 8259 has it: whatever a browser sends
 * goes through here before anything else looks at it, and most of it is relayed afterwards as the
 * bytes that it was.
 *
 * Two rules make it safe. Nothing is recursive: what is open is a bit a level, so 100,000 opening
 * brackets cost an error at the first one too many. And nothing is allocated: depth, values and the
 * length of a number are counted while the text is read, once, from front to back.
 *
 * Bytes beyond ASCII are legal in strings alone, so only strings that have some are checked to be
 * UTF-8.
 */

/* Digits that every int64 can hold: such an integer needs no closer look. */
#define SAFE_DIGITS 18

/* The bytes of `\uXXXX`. */
#define UNIT_LENGTH 6

/* What may come next. */
enum
{
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END,
  EXPECT_KEY,
  EXPECT_KEY_OR_END,
  EXPECT_COMMA_OR_END,
  EXPECT_NOTHING,
};

static gboolean
fail (ChannelsJsonReader *self,
      const char *where,
      ChannelsJsonError code,
      const char *what,
      GError **error)
{
  g_set_error (error, CHANNELS_JSON_ERROR, code, "at byte %" G_GSIZE_FORMAT ": %s",
               (gsize) (where - self->text), what);
  return FALSE;
}

static void
skip_whitespace (ChannelsJsonReader *self)
{
  while (self->next < self->end &&
         (*self->next == ' ' || *self->next == '\n' || *self->next == '\r' || *self->next == '\t'))
    self->next++;
}

static gboolean
is_in_object (const ChannelsJsonReader *self)
{
  guint level = self->depth - 1;

  return (self->objects[level / 64] >> (level % 64)) & 1;
}

static void
expect_what_follows_a_value (ChannelsJsonReader *self)
{
  self->expected = self->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static gboolean
is_high_surrogate (guint unit)
{
  return unit >= 0xD800 && unit <= 0xDBFF;
}

static gboolean
is_low_surrogate (guint unit)
{
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Reads `\uXXXX`. */
static gboolean
read_unit (const char *p, const char *end, guint *out_unit)
{
  guint unit = 0;

  if (end - p < UNIT_LENGTH || p[0] != '\\' || p[1] != 'u')
    return FALSE;

  for (guint i = 2; i < UNIT_LENGTH; i++)
    {
      int digit = g_ascii_xdigit_value (p[i]);

      if (digit < 0)
        return FALSE;
      unit = unit << 4 | (guint) digit;
    }

  *out_unit = unit;
  return TRUE;
}

/* Checks the escape at @p, and returns what follows it. */
static const char *
check_escape (ChannelsJsonReader *self, const char *p, GError **error)
{
  const char *wrong;
  guint unit, low;

  if (self->end - p >= 2 && p[1] != '\0' && strchr ("\"\\/bfnrt", p[1]) != NULL)
    return p + 2;

  if (!read_unit (p, self->end, &unit))
    {
      fail (self, p, CHANNELS_JSON_ERROR_SYNTAX, "no such escape", error);
      return NULL;
    }

  if (unit == 0)
    wrong = "\\u0000 cannot travel";
  else if (is_low_surrogate (unit))
    wrong = "half of a surrogate pair";
  else if (!is_high_surrogate (unit))
    return p + UNIT_LENGTH;
  else if (!read_unit (p + UNIT_LENGTH, self->end, &low) || !is_low_surrogate (low))
    wrong = "half of a surrogate pair";
  else
    return p + 2 * UNIT_LENGTH;

  fail (self, p, CHANNELS_JSON_ERROR_STRING, wrong, error);
  return NULL;
}

/* Skips what needs no look, eight bytes at once: most messages are ASCII without escapes. A byte's
 * high bit is left set where it is beyond ASCII, a control, a quote or a backslash; that the borrow
 * of one such byte may mark its neighbour too does no harm. */
static const char *
skip_plain_words (const char *p, const char *end)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);
  const guint64 highs = ones << 7;
  guint64 word;

  while (end - p >= (gssize) sizeof word)
    {
      guint64 quotes, backslashes;

      memcpy (&word, p, sizeof word);
      quotes = (word ^ ones * '"') - ones;
      backslashes = (word ^ ones * '\\') - ones;
      if ((word | (word - ones * ' ') | quotes | backslashes) & highs)
        break;
      p += sizeof word;
    }

  return p;
}

/* Reads the string that starts at @next. */
static gboolean
read_string (ChannelsJsonReader *self, GError **error)
{
  const char *first = self->next + 1;
  const char *p = first;
  guchar bits = 0;

  self->escaped = FALSE;

  while (TRUE)
    {
      p = skip_plain_words (p, self->end);
      while (p < self->end && (guchar) *p >= ' ' && *p != '"' && *p != '\\')
        bits |= (guchar) *p++;

      if (p == self->end)
        return fail (self, p, CHANNELS_JSON_ERROR_SYNTAX, "the text ends inside a string", error);
      if (*p == '"')
        break;
      if (*p != '\\')
        return fail (self, p, CHANNELS_JSON_ERROR_SYNTAX, "a control character in a string", error);

      self->escaped = TRUE;
      p = check_escape (self, p, error);
      if (p == NULL)
        return FALSE;
    }

  if (bits >= 0x80 && !g_utf8_validate_len (first, (gsize) (p - first), NULL))
    return fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "a string that is not UTF-8", error);

  self->next = p + 1;
  return TRUE;
}

static const char *
skip_digits (const char *p, const char *end)
{
  while (p < end && g_ascii_isdigit (*p))
    p++;

  return p;
}

/* Finds the end of the number that starts at @next, as far as it is one: "01" ends after the 0, for
 * whoever comes next to complain of. Sets @out_safe if an int64 surely holds it, or a double
 * without exponent, which is finite with so few digits. */
static const char *
find_number_end (const ChannelsJsonReader *self, gboolean *out_safe)
{
  const char *p = self->next;
  const char *digits;

  if (*p == '-')
    p++;

  digits = p;
  p = p < self->end && *p == '0' ? p + 1 : skip_digits (p, self->end);
  if (p == digits)
    return NULL;
  *out_safe = p - digits <= SAFE_DIGITS;

  if (p < self->end && *p == '.')
    {
      digits = p + 1;
      p = skip_digits (digits, self->end);
      if (p == digits)
        return NULL;
      *out_safe = TRUE;
    }

  if (p < self->end && (*p == 'e' || *p == 'E'))
    {
      p++;
      if (p < self->end && (*p == '+' || *p == '-'))
        p++;
      digits = p;
      p = skip_digits (digits, self->end);
      if (p == digits)
        return NULL;
      *out_safe = FALSE;
    }

  return p;
}

static gboolean
read_number (ChannelsJsonReader *self, GError **error)
{
  ChannelsJsonNumber number;
  gboolean safe = FALSE;
  const char *end;
  gsize length;

  end = find_number_end (self, &safe);
  if (end == NULL)
    return fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "half a number", error);

  length = (gsize) (end - self->next);
  if (length > CHANNELS_JSON_NUMBER_MAX)
    return fail (self, self->next, CHANNELS_JSON_ERROR_NUMBER,
                 "a number of more than 64 characters", error);
  if (!safe && !channels_json_number_parse (self->next, length, &number))
    return fail (self, self->next, CHANNELS_JSON_ERROR_NUMBER,
                 "a number that no int64, uint64 or double holds", error);

  self->next = end;
  return TRUE;
}

static gboolean
read_word (ChannelsJsonReader *self, const char *word, GError **error)
{
  gsize length = strlen (word);

  if ((gsize) (self->end - self->next) < length || memcmp (self->next, word, length) != 0)
    return fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "no value starts like this", error);

  self->next += length;
  return TRUE;
}

static gboolean
open_container (ChannelsJsonReader *self, gboolean object, GError **error)
{
  guint level = self->depth;
  guint64 bit = (guint64) 1 << (level % 64);

  if (level >= self->max_depth)
    {
      g_set_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_TOO_DEEP,
                   "at byte %" G_GSIZE_FORMAT ": nested deeper than %u",
                   (gsize) (self->next - self->text), self->max_depth);
      return FALSE;
    }

  if (object)
    self->objects[level / 64] |= bit;
  else
    self->objects[level / 64] &= ~bit;

  self->token = object ? CHANNELS_JSON_TOKEN_OBJECT : CHANNELS_JSON_TOKEN_ARRAY;
  self->expected = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
  self->depth++;
  self->next++;
  return TRUE;
}

static void
close_container (ChannelsJsonReader *self)
{
  self->token =
      is_in_object (self) ? CHANNELS_JSON_TOKEN_OBJECT_END : CHANNELS_JSON_TOKEN_ARRAY_END;
  self->depth--;
  self->next++;
  self->length = 1;
  expect_what_follows_a_value (self);
}

static gboolean
read_scalar (ChannelsJsonReader *self, GError **error)
{
  switch (*self->next)
    {
    case '"':
      self->token = CHANNELS_JSON_TOKEN_STRING;
      return read_string (self, error);
    case 't':
      self->token = CHANNELS_JSON_TOKEN_TRUE;
      return read_word (self, "true", error);
    case 'f':
      self->token = CHANNELS_JSON_TOKEN_FALSE;
      return read_word (self, "false", error);
    case 'n':
      self->token = CHANNELS_JSON_TOKEN_NULL;
      return read_word (self, "null", error);
    default:
      if (*self->next != '-' && !g_ascii_isdigit (*self->next))
        return fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "a value was expected", error);
      self->token = CHANNELS_JSON_TOKEN_NUMBER;
      return read_number (self, error);
    }
}

static gboolean
read_value (ChannelsJsonReader *self, GError **error)
{
  if (++self->n_values > CHANNELS_JSON_VALUES_MAX)
    return fail (self, self->next, CHANNELS_JSON_ERROR_TOO_MANY, "more than 10000 values", error);

  if (*self->next == '{' || *self->next == '[')
    {
      if (!open_container (self, *self->next == '{', error))
        return FALSE;
    }
  else
    {
      if (!read_scalar (self, error))
        return FALSE;
      expect_what_follows_a_value (self);
    }

  self->length = (gsize) (self->next - self->start);
  return TRUE;
}

static gboolean
read_key (ChannelsJsonReader *self, GError **error)
{
  if (*self->next != '"')
    return fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "a member's name was expected",
                 error);
  if (!read_string (self, error))
    return FALSE;

  self->token = CHANNELS_JSON_TOKEN_KEY;
  self->length = (gsize) (self->next - self->start);

  skip_whitespace (self);
  if (self->next == self->end || *self->next != ':')
    return fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "“:” was expected", error);

  self->next++;
  self->expected = EXPECT_VALUE;
  return TRUE;
}

/**
 * channels_json_reader_init:
 * @self: (out caller-allocates): a reader
 * @text: (nullable): need not end with NUL; must outlive @self; `NULL` if @length is 0
 * @length: bytes of @text
 * @max_depth: arrays and objects that may be open at once; more than %CHANNELS_JSON_DEPTH_MAX are
 * never allowed
 *
 * Sets @self to the start of @text.
 */
void
channels_json_reader_init (ChannelsJsonReader *self,
                           const char *text,
                           gsize length,
                           guint max_depth)
{
  *self = (ChannelsJsonReader){
    .text = text,
    .start = text,
    .next = text,
    .end = length > 0 ? text + length : text,
    .max_depth = MIN (max_depth, CHANNELS_JSON_DEPTH_MAX),
    .expected = EXPECT_VALUE,
  };
}

/**
 * channels_json_reader_next:
 * @self: a reader that has not failed
 * @error: return location for a `GError`, or `NULL`
 *
 * Reads the next token. After %CHANNELS_JSON_TOKEN_END there is none.
 *
 * Fails with `CHANNELS_JSON_ERROR_SYNTAX`, `_STRING`, `_NUMBER`, `_TOO_DEEP` or `_TOO_MANY`; @self
 * is of no more use then.
 *
 * Returns: `TRUE` if @self has a token, `FALSE` with @error set otherwise
 */
gboolean
channels_json_reader_next (ChannelsJsonReader *self, GError **error)
{
  gboolean may_end = self->expected == EXPECT_VALUE_OR_END || self->expected == EXPECT_KEY_OR_END ||
                     self->expected == EXPECT_COMMA_OR_END;

  skip_whitespace (self);

  if (self->expected == EXPECT_COMMA_OR_END && self->next < self->end && *self->next == ',')
    {
      self->next++;
      self->expected = is_in_object (self) ? EXPECT_KEY : EXPECT_VALUE;
      may_end = FALSE;
      skip_whitespace (self);
    }

  self->start = self->next;
  self->length = 0;

  if (self->next == self->end)
    {
      self->token = CHANNELS_JSON_TOKEN_END;
      return self->expected == EXPECT_NOTHING ||
             fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "the text ends early", error);
    }

  if (may_end && *self->next == (is_in_object (self) ? '}' : ']'))
    {
      close_container (self);
      return TRUE;
    }

  switch (self->expected)
    {
    case EXPECT_VALUE:
    case EXPECT_VALUE_OR_END:
      return read_value (self, error);
    case EXPECT_KEY:
    case EXPECT_KEY_OR_END:
      return read_key (self, error);
    case EXPECT_COMMA_OR_END:
      return fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "“,” or an end was expected",
                   error);
    default:
      return fail (self, self->next, CHANNELS_JSON_ERROR_SYNTAX, "something follows the value",
                   error);
    }
}

/* Turns the escape at @p, which was checked, into UTF-8, and returns what follows it. */
static const char *
unescape (const char *p, const char *end, char *utf8, gsize *out_length)
{
  static const char letters[] = "bfnrt";
  static const char meanings[] = "\b\f\n\r\t";
  const char *letter;
  guint unit, low;
  gunichar c;

  if (!read_unit (p, end, &unit))
    {
      letter = strchr (letters, p[1]);
      utf8[0] = letter != NULL ? meanings[letter - letters] : p[1];
      *out_length = 1;
      return p + 2;
    }

  p += UNIT_LENGTH;
  c = unit;
  if (is_high_surrogate (unit) && read_unit (p, end, &low))
    {
      p += UNIT_LENGTH;
      c = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }

  *out_length = (gsize) g_unichar_to_utf8 (c, utf8);
  return p;
}

/**
 * channels_json_reader_string_equals:
 * @self: a reader whose token is a key or a string
 * @string: UTF-8
 *
 * Returns: `TRUE` if the token says @string, whichever of its characters are escaped
 */
gboolean
channels_json_reader_string_equals (const ChannelsJsonReader *self, const char *string)
{
  const char *p = self->start + 1;
  const char *end = self->start + self->length - 1;

  while (p < end)
    {
      char utf8[6];
      gsize length = 1;

      if (*p == '\\')
        p = unescape (p, end, utf8, &length);
      else
        utf8[0] = *p++;

      if (strncmp (string, utf8, length) != 0)
        return FALSE;
      string += length;
    }

  return *string == '\0';
}

/**
 * channels_json_reader_dup_string:
 * @self: a reader whose token is a key or a string
 *
 * Returns: (transfer full): what the token says, without escapes
 */
char *
channels_json_reader_dup_string (const ChannelsJsonReader *self)
{
  const char *p = self->start + 1;
  const char *end = self->start + self->length - 1;
  char *string, *out;

  if (!self->escaped)
    return g_strndup (p, (gsize) (end - p));

  /* No escape is shorter than what it stands for. */
  string = out = g_malloc (self->length);
  while (p < end)
    {
      gsize length = 1;

      if (*p == '\\')
        p = unescape (p, end, out, &length);
      else
        *out = *p++;
      out += length;
    }
  *out = '\0';

  return string;
}
