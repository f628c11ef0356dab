/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-json-number.h"

#include "channels-json.h"

#include <math.h>
#include <string.h>

/* Digits that a uint64 has at most. */
#define UINT64_DIGITS 20

/* The bits, not the values: 0.0 is not -0.0 here. */
static gboolean
same_double (double a, double b)
{
  return memcmp (&a, &b, sizeof a) == 0;
}

static gboolean
parse_integer (const char *literal, gsize length, ChannelsJsonNumber *out_number)
{
  gboolean negative = literal[0] == '-';
  guint64 magnitude = 0;

  if (length - negative > UINT64_DIGITS)
    return FALSE;

  for (gsize i = negative; i < length; i++)
    if (!g_uint64_checked_mul (&magnitude, magnitude, 10) ||
        !g_uint64_checked_add (&magnitude, magnitude, (guint64) (literal[i] - '0')))
      return FALSE;

  /* No integer is -0: it is left to the double. */
  if (negative && (magnitude == 0 || magnitude > (guint64) G_MAXINT64 + 1))
    return FALSE;

  if (negative || magnitude <= G_MAXINT64)
    {
      out_number->kind = 'x';
      out_number->value.signed_integer = (gint64) (negative ? 0 - magnitude : magnitude);
    }
  else
    {
      out_number->kind = 't';
      out_number->value.unsigned_integer = magnitude;
    }

  return TRUE;
}

/**
 * channels_json_number_parse:
 * @literal: a number as RFC 8259 has it; need not end with NUL
 * @length: bytes of @literal
 * @out_number: (out caller-allocates): what it stands for
 *
 * Finds the type that holds a number: int64, else uint64, else double.
 *
 * An integer (no fraction, no exponent) that needs a double must be exactly what the double holds:
 * 18446744073709551616 is, 18446744073709551617 is not, and nobody is told a number that nobody
 * sent. A literal with a fraction or an exponent is the nearest double, 0 where it is too small;
 * it must not be too large. `-0` is the double -0.0, as in JavaScript, since no integer holds it.
 *
 * Returns: `TRUE` if @out_number is set, `FALSE` if no type holds @literal, or if it is longer than
 * %CHANNELS_JSON_NUMBER_MAX
 */
gboolean
channels_json_number_parse (const char *literal, gsize length, ChannelsJsonNumber *out_number)
{
  char copy[CHANNELS_JSON_NUMBER_MAX + 1];
  char exact[CHANNELS_JSON_NUMBER_MAX + 3]; /* "-", one digit more by rounding up, NUL */
  gboolean integer;
  double value;

  if (length > CHANNELS_JSON_NUMBER_MAX)
    return FALSE;

  memcpy (copy, literal, length);
  copy[length] = '\0';
  integer = strpbrk (copy, ".eE") == NULL;

  if (integer && parse_integer (literal, length, out_number))
    return TRUE;

  value = g_ascii_strtod (copy, NULL);
  if (!isfinite (value))
    return FALSE;
  if (integer && strcmp (g_ascii_formatd (exact, sizeof exact, "%.0f", value), copy) != 0)
    return FALSE;

  out_number->kind = 'd';
  out_number->value.real = value;
  return TRUE;
}

/**
 * channels_json_append_double:
 * @out: a text
 * @value: a finite number
 *
 * Appends the shortest literal of 15 to 17 digits that is read as @value again. It always has a
 * fraction or an exponent, so that it is read as a double: `1.0`, not `1`.
 */
void
channels_json_append_double (GString *out, double value)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
  char literal[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_ascii_formatd (literal, sizeof literal, formats[i], value);
      if (same_double (g_ascii_strtod (literal, NULL), value))
        break;
    }

  g_string_append (out, literal);
  if (strpbrk (literal, ".e") == NULL)
    g_string_append (out, ".0");
}
