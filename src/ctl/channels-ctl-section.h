/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsCtlSection:
 * @text: the section so far, whole lines
 * @notes: (element-type utf8): what the comments in it say, for the user to be told as well
 * @secret: whether a password or a key stands in it
 *
 * A section of channels.conf in the making. Whoever adds a secret sets @secret.
 */
typedef struct
{
  GString *text;    /* (owned) */
  GPtrArray *notes; /* (owned) */
  gboolean secret;
} ChannelsCtlSection;

void channels_ctl_section_init (ChannelsCtlSection *self, const char *name, const char *origin);

void channels_ctl_section_clear (ChannelsCtlSection *self);

void channels_ctl_section_add (ChannelsCtlSection *self, const char *key, const char *value);

void channels_ctl_section_add_list (ChannelsCtlSection *self, const char *key, GPtrArray *items);

void channels_ctl_section_add_note (ChannelsCtlSection *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChannelsCtlSection, channels_ctl_section_clear)

G_END_DECLS
