/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-findings.h"

#include "channels-ctl-colour.h"
#include "channels-ctl-text.h"

#include <glib/gi18n.h>

typedef struct
{
  char *check; /* (owned) */
  ChannelsCtlState state;
  char *text;   /* (owned) */
  char *remedy; /* (owned) (nullable) */
} Finding;

/**
 * ChannelsCtlFindings:
 *
 * What many checks have found, in their order.
 */
struct _ChannelsCtlFindings
{
  GPtrArray *findings; /* (owned) (element-type Finding) */
};

static const struct
{
  const char *name; /* in JSON */
  const char *word; /* for the user */
  ChannelsCtlColour colour;
} states[] = {
  [CHANNELS_CTL_STATE_OK] = { "ok", N_ ("ok"), CHANNELS_CTL_COLOUR_GREEN },
  [CHANNELS_CTL_STATE_SKIPPED] = { "skipped", N_ ("skipped"), CHANNELS_CTL_COLOUR_DIM },
  [CHANNELS_CTL_STATE_WARNING] = { "warning", N_ ("warning"), CHANNELS_CTL_COLOUR_YELLOW },
  [CHANNELS_CTL_STATE_ERROR] = { "error", N_ ("error"), CHANNELS_CTL_COLOUR_RED },
};

static void
finding_free (gpointer data)
{
  Finding *self = data;

  g_free (self->check);
  g_free (self->text);
  g_free (self->remedy);
  g_free (self);
}

/**
 * channels_ctl_findings_new:
 *
 * Returns: (transfer full): no findings yet
 */
ChannelsCtlFindings *
channels_ctl_findings_new (void)
{
  ChannelsCtlFindings *self = g_new0 (ChannelsCtlFindings, 1);

  self->findings = g_ptr_array_new_with_free_func (finding_free);

  return self;
}

/**
 * channels_ctl_findings_free:
 * @self: (transfer full): findings
 */
void
channels_ctl_findings_free (ChannelsCtlFindings *self)
{
  g_ptr_array_unref (self->findings);
  g_free (self);
}

/**
 * channels_ctl_findings_add:
 * @self: findings
 * @check: what was looked at: a word of ours
 * @state: how it is
 * @remedy: (transfer full) (nullable): what to do: a command or a line of configuration, or words
 *   in the user's language; wanted where @state says that something needs to be done
 * @format: how it is in the user's language, as for printf(), with no secret
 * @...: what it holds
 *
 * Adds what a check has found. Names of files are bytes: what is no UTF-8 is replaced.
 */
void
channels_ctl_findings_add (ChannelsCtlFindings *self,
                           const char *check,
                           ChannelsCtlState state,
                           char *remedy,
                           const char *format,
                           ...)
{
  g_autofree char *text = NULL;
  Finding *finding;
  va_list arguments;

  g_return_if_fail (self != NULL);
  g_return_if_fail (check != NULL && format != NULL);

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  finding = g_new0 (Finding, 1);
  finding->check = g_strdup (check);
  finding->state = state;
  finding->text = g_utf8_make_valid (text, -1);
  finding->remedy = remedy != NULL ? g_utf8_make_valid (remedy, -1) : NULL;
  g_free (remedy);
  g_ptr_array_add (self->findings, finding);
}

/**
 * channels_ctl_findings_count:
 * @self: findings
 * @check: (nullable): of which check; `NULL` for all
 *
 * Returns: of how many something needs to be done
 */
guint
channels_ctl_findings_count (const ChannelsCtlFindings *self, const char *check)
{
  guint count = 0;

  g_return_val_if_fail (self != NULL, 0);

  for (guint i = 0; i < self->findings->len; i++)
    {
      const Finding *finding = g_ptr_array_index (self->findings, i);

      if (finding->state >= CHANNELS_CTL_STATE_WARNING &&
          (check == NULL || g_str_equal (finding->check, check)))
        count++;
    }

  return count;
}

/* @text (transfer none), with spaces behind it up to @width columns of a terminal */
static void
append_padded (GString *lines, const char *text, const char *painted, guint width)
{
  g_string_append_printf (lines, "%s%*s", painted,
                          (int) (width - channels_ctl_text_get_width (text)) + 2, "");
}

/**
 * channels_ctl_findings_to_text:
 * @self: findings
 * @colour: whether the states are in colour
 *
 * Returns: (transfer full): a line for each, and one more for what to do; control characters are
 *   shown escaped
 */
char *
channels_ctl_findings_to_text (const ChannelsCtlFindings *self, gboolean colour)
{
  GString *lines = g_string_new (NULL);
  guint width = 0;
  guint check_width = 0;

  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    width = MAX (width, channels_ctl_text_get_width (_ (states[i].word)));
  for (guint i = 0; i < self->findings->len; i++)
    {
      const Finding *finding = g_ptr_array_index (self->findings, i);

      check_width = MAX (check_width, channels_ctl_text_get_width (finding->check));
    }

  for (guint i = 0; i < self->findings->len; i++)
    {
      const Finding *finding = g_ptr_array_index (self->findings, i);
      const char *word = _ (states[finding->state].word);
      g_autofree char *painted =
          channels_ctl_colour_paint (word, states[finding->state].colour, colour);
      g_autofree char *text = channels_ctl_text_escape (finding->text);
      g_autofree char *remedy =
          finding->remedy != NULL ? channels_ctl_text_escape (finding->remedy) : NULL;

      append_padded (lines, word, painted, width);
      append_padded (lines, finding->check, finding->check, check_width);
      g_string_append_printf (lines, "%s\n", text);
      if (remedy != NULL)
        g_string_append_printf (lines, "%*s→ %s\n", (int) (width + 2), "", remedy);
    }

  return g_string_free (lines, FALSE);
}

/* JSON's null, as it is on the bus. */
static GVariant *
new_text (const char *text)
{
  return text != NULL ? g_variant_new_string (text) : g_variant_new_signature ("");
}

/**
 * channels_ctl_findings_to_variant:
 * @self: findings
 *
 * Returns: (transfer floating): an `aa{sv}` with `check`, `state`, `text` and `remedy` of each
 */
GVariant *
channels_ctl_findings_to_variant (const ChannelsCtlFindings *self)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->findings->len; i++)
    {
      const Finding *finding = g_ptr_array_index (self->findings, i);

      g_variant_builder_open (&list, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&list, "{sv}", "check", g_variant_new_string (finding->check));
      g_variant_builder_add (&list, "{sv}", "state",
                             g_variant_new_string (states[finding->state].name));
      g_variant_builder_add (&list, "{sv}", "text", g_variant_new_string (finding->text));
      g_variant_builder_add (&list, "{sv}", "remedy", new_text (finding->remedy));
      g_variant_builder_close (&list);
    }

  return g_variant_builder_end (&list);
}
