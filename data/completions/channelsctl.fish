# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

# What can stand there the program itself knows: see src/ctl/channels-ctl-complete.c.
function __channelsctl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)

    for line in ($words[1] --complete $words[2..] "$word" 2>/dev/null)
        switch $line
            case :directories
                __fish_complete_directories "$word" ''
            case :files
                __fish_complete_path "$word"
            case '*'
                echo $line
        end
    end
end

complete -c channelsctl -f -a '(__channelsctl_complete)'
