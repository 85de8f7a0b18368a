#!/bin/sh
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints what a host's kernel and boot files contain about TCP. Audit the output with tcp_audit. It only reads and writes no file.
#
#   ssh HOST sh < capture.sh > HOST.capture         capture a host
#   ssh HOST sh -s 5 < capture.sh > HOST.capture    read the counters again after 5 seconds
#
# Needs a POSIX shell, ls, and cat or sed. A second argument names a folder to read instead of /.
#
# Format linux_tcp.capture/1: the header, records, "@end". Content lines start with "|". Empty lines mean nothing.
#   @file PATH, then its lines, then @cut if there were more    @link PATH, then its target    @folder PATH    @null PATH
#   @absent PATH    @unreadable PATH    @other PATH    @names PATH, then a folder's names    @time, @root: see below
#   @named PATH: a script that names sysctl keys
#   @again: the files after it are read a second time    @output COMMAND, then its lines
# Of the firewall only the rules of NAT are printed, without comments, and only where they are in use: listing them may load kernel modules.
# The values of secrets, and of keys that are not about TCP, are left out of boot files, so they never leave the host. So are comments.
# Of ufw, TuneD and the init only the lines are printed that say who writes which keys at boot. Scripts are named, and not printed.

set -u
LC_ALL=C
export LC_ALL
umask 077

seconds=${1:-0}
root=${2:-}
root=${root%/}
# In lines. All together stay below the 64 MiB that the audit reads.
most_sockets=120000
most_others=40000
most_lines=10000
most_links=20
newline='
'
tab=$(printf '\t')
return=$(printf '\r')
blanks=" $tab$return"
usual_ifs=$IFS
said=$newline

case $seconds in
    '' | *[!0-9]* | ?????*)
        echo "capture.sh: the seconds must be a number from 0 to 9999, not '$seconds'" >&2
        exit 2
        ;;
esac

have() {
    command -v "$1" > /dev/null 2>&1
}

if ! have cat; then
    if ! have sed; then
        echo "capture.sh: this host has neither cat nor sed" >&2
        exit 1
    fi
    cat() {
        sed '' "$@"
    }
fi

# The lines of standard input, marked as content: as many as the argument says.
if have sed; then
    content() {
        sed -e "$(($1 + 1)){s/.*/@cut/" -e q -e "}" -e 's/^/|/'
        # Ends a last line that has no line end; else the next record would be part of it.
        echo
    }
else
    content() {
        left=$1
        while IFS= read -r line || [ -n "$line" ]; do
            if [ "$left" -eq 0 ]; then
                echo '@cut'
                break
            fi
            left=$((left - 1))
            printf '|%s\n' "$line"
        done
    }
fi

record() {
    printf '@%s %s\n' "$1" "$2"
}

# A file under /proc. Not with the shell's read, which gets only the first character of many of them.
value() {
    if [ ! -e "$root$1" ]; then
        record absent "$1"
    elif text=$(cat "$root$1" 2> /dev/null); then
        record file "$1"
        marked "$text"
    else
        record unreadable "$1"
    fi
}

# The lines of a text, as content prints them but without those that are empty. It starts no process.
marked() {
    [ -n "$1" ] || echo '|'
    left=$most_lines
    set -f
    IFS=$newline
    for line in $1; do
        if [ "$left" -eq 0 ]; then
            echo '@cut'
            break
        fi
        left=$((left - 1))
        printf '|%s\n' "$line"
    done
    IFS=$usual_ifs
    set +f
}

# All keys of this script. One process reads most of them: each process costs much on a slow host.
key_values() {
    at_once=
    if have grep; then
        # The keys are words; with two files and more grep says which one a line is from.
        # shellcheck disable=SC2086
        at_once=$newline$(CDPATH='' cd "$root/proc/sys" > /dev/null 2>&1 && grep '' $tcp_keys /dev/null 2> /dev/null)$newline
    fi
    for key in $tcp_keys; do
        case $at_once in
            *"$newline$key:"*)
                text=${at_once#*"$newline$key:"}
                text=${text%%"$newline"*}
                record file "/proc/sys/$key"
                printf '|%s\n' "$text"
                ;;
            *) value "/proc/sys/$key" ;;
        esac
    done
}

table() {
    if [ ! -e "$root$1" ]; then
        record absent "$1"
    elif [ ! -r "$root$1" ]; then
        record unreadable "$1"
    else
        record file "$1"
        content "$2" < "$root$1"
    fi
}

# Splits a key into the folders and the file of its path, as sysctl.d has it, and puts that into $path; fails where nobody writes such a key.
key_path() {
    path=
    case $1 in
        '' | *["$blanks"]* | *./* | */.* | *..*) return 1 ;;
        */*.* | *.*/*) return 1 ;;
        */*) IFS=/ ;;
        *) IFS=. ;;
    esac
    set -f
    # The separators split it.
    # shellcheck disable=SC2086
    set -- $1
    set +f
    IFS=$usual_ifs
    for part in "$@"; do
        [ -z "$part" ] || path=${path:+$path/}$part
    done
    [ -n "$path" ]
}

# Whether the value of $path may be printed: a key of this script, or any other of TCP, and not a pattern that may stand for a secret.
is_about_tcp() {
    case $path in
        # What only some shells and readers understand: nobody needs it.
        *["[]{}\\"]*) return 1 ;;
        net/ipv4/tcp_fastopen_key*) return 1 ;;
        *[*?]*) ;;
        net/ipv4/tcp_* | net/ipv4/ip_local_*) return 0 ;;
        *)
            case $tcp_keys in
                *"$newline$path$newline"*) return 0 ;;
            esac
            return 1
            ;;
    esac
    # Two texts are compared, and the pattern is not tried on anything: some shells need hours for that.
    start=${path%%[*?]*}
    end=${path##*[*?]}
    for secret in net/ipv4/tcp_fastopen_key net/core/netdev_rss_key net/ipv6/conf/INTERFACE/stable_secret; do
        case $secret in
            "$start"*) case $secret in *"$end") return 1 ;; esac ;;
        esac
    done
    case $start in
        net/ipv6/conf/*) return 1 ;;
        net/ipv4/tcp_* | net/ipv4/ip_local_*) return 0 ;;
    esac
    for known in $tcp_keys; do
        case $known in
            "$start"*) case $known in *"$end") return 0 ;; esac ;;
        esac
    done
    return 1
}

# The lines of a boot file. Of a setting that is not about TCP the value is left out, of a comment everything.
boot_lines() {
    left=$most_lines
    while IFS= read -r line || [ -n "$line" ]; do
        if [ "$left" -eq 0 ]; then
            echo '@cut'
            break
        fi
        left=$((left - 1))
        shown_line "$line"
    done
}

shown_line() {
    if [ "${#1}" -gt 4000 ]; then
        echo '|(left out)'
        return
    fi
    text=${1#"${1%%[!"$blanks"]*}"}
    while :; do
        case $text in
            *["$blanks"]) text=${text%?} ;;
            *) break ;;
        esac
    done
    case $text in
        '')
            echo '|'
            return
            ;;
        *"$return"*)
            echo '|(left out)'
            return
            ;;
        [#\;]*)
            echo '|#'
            return
            ;;
    esac
    key=${text%%=*}
    if [ "${#key}" -gt 300 ]; then
        echo '|(left out)'
        return
    fi
    key=${key#-}
    key=${key#"${key%%[!"$blanks"]*}"}
    key=${key%"${key##*[!"$blanks"]}"}
    case $key in
        *["$blanks"]*)
            echo '|(left out)'
            return
            ;;
    esac
    case $text in
        *fastopen_key* | *stable_secret* | *rss_key*) ;;
        *=*)
            if key_path "$key" && is_about_tcp; then
                printf '|%s\n' "$1"
                return
            fi
            ;;
        -*[./]*)
            printf '|%s\n' "$1"
            return
            ;;
    esac
    case $text in
        *=*) printf '|%s= (left out)\n' "${text%%=*}" ;;
        *) echo '|(left out)' ;;
    esac
}

link_target() {
    if have readlink; then
        readlink "$1"
    else
        listed=$(ls -ld "$1") && printf '%s\n' "${listed#*" -> "}"
    fi
}

# Succeeds only the first time that it gets a record.
first_time() {
    case $said in
        *"$newline$1$newline"*) return 1 ;;
    esac
    said=$said$1$newline
}

# Follows the links of a path, prints each, and puts the end in $real. The root of a link is the folder that was given.
resolve() {
    rest=$1
    real=
    hops=0
    while [ -n "$rest" ]; do
        rest=${rest#/}
        part=${rest%%/*}
        case $rest in
            */*) rest=/${rest#*/} ;;
            *) rest= ;;
        esac
        case $part in
            '' | .) continue ;;
            ..)
                real=${real%/*}
                continue
                ;;
        esac
        if [ -L "$root$real/$part" ]; then
            hops=$((hops + 1))
            target=$(link_target "$root$real/$part" 2> /dev/null) || return 1
            if first_time "link $real/$part"; then
                record link "$real/$part"
                printf '|%s\n' "$target"
            fi
            [ "$hops" -le "$most_links" ] || return 1
            case $target in
                /*) real= ;;
            esac
            rest=/$target$rest
        else
            real=$real/$part
        fi
    done
}

boot_file() {
    resolve "$1" || return 0
    first_time "file $real" || return 0
    if [ -c "$root$real" ]; then
        record null "$real"
    elif [ -d "$root$real" ]; then
        record folder "$real"
    elif [ -f "$root$real" ]; then
        if [ -r "$root$real" ]; then
            record file "$real"
            boot_lines < "$root$real"
        else
            record unreadable "$real"
        fi
    elif [ -e "$root$real" ]; then
        record other "$real"
    elif [ "$real" = "$1" ]; then
        record absent "$real"
    fi
}

boot_folder() {
    resolve "$1" || return 0
    if [ ! -d "$root$real" ]; then
        boot_file "$1"
        return 0
    fi
    first_time "folder $real" || return 0
    if [ ! -r "$root$real" ] || [ ! -x "$root$real" ]; then
        record unreadable "$real"
        return 0
    fi
    record folder "$real"
    folder=$real
    for entry in "$root$folder"/* "$root$folder"/.[!.]* "$root$folder"/..?*; do
        if [ -e "$entry" ] || [ -L "$entry" ]; then
            case $entry in
                *"$newline"*) record other "$folder/(a name with a line end)" ;;
                *) boot_file "${entry#"$root"}" ;;
            esac
        fi
    done
}

# A file of which only some lines are printed; $1 is the function that says which, by $text, $key (what is before the equals sign).
lines_of() {
    resolve "$2" || return 0
    first_time "file $real" || return 0
    if [ -f "$root$real" ] && [ -r "$root$real" ]; then
        record file "$real"
        left=$most_lines
        while IFS= read -r line || [ -n "$line" ]; do
            text=${line#"${line%%[!"$blanks"]*}"}
            key=${text%%=*}
            key=${key%"${key##*[!"$blanks"]}"}
            if [ "${#text}" -le 1000 ] && "$1"; then printf '|%s\n' "$line"; else echo '|#'; fi
            left=$((left - 1))
            if [ "$left" -eq 0 ]; then
                echo '@cut'
                break
            fi
        done < "$root$real"
    elif [ -e "$root$real" ]; then
        if [ -r "$root$real" ]; then record other "$real"; else record unreadable "$real"; fi
    else
        record absent "$real"
    fi
}

of_ufw() {
    case $key in ENABLED | IPT_SYSCTL | 'export ENABLED' | 'export IPT_SYSCTL') return 0 ;; esac
    return 1
}

of_tuned() {
    case $key in reapply_sysctl | profile_dirs) return 0 ;; esac
    return 1
}

# Heads of sections, words about sections, keys of TCP, and variables that hold nothing but a number.
of_profile() {
    case $text in
        [#\;]*) return 1 ;;
        '['*']'*) return 0 ;;
        *=*) ;;
        *) return 1 ;;
    esac
    case $key in
        include | type | enabled | replace | drop | devices | uname_regex | cpuinfo_regex) return 0 ;;
        *.*) key_path "$key" && is_about_tcp && return 0 ;;
    esac
    case ${text#*=} in *[!0-9"$blanks\""]*) return 1 ;; esac
}

of_script() {
    case $text in *sysctl* | *'##*/'*) return 0 ;; esac
    return 1
}

of_inittab() {
    case $text in *:sysinit:*) return 0 ;; esac
    return 1
}

anything() {
    return 0
}

# That something is there: a link with its target, a folder, or a file without what is in it.
is_there() {
    case $1 in
        *"$newline"*) return 0 ;;
    esac
    first_time "there $1" || return 0
    if [ -L "$root$1" ]; then
        if target=$(link_target "$root$1" 2> /dev/null) && first_time "link $1"; then
            record link "$1"
            printf '|%s\n' "$target"
        fi
    elif [ -d "$root$1" ]; then
        record folder "$1"
    elif [ -e "$root$1" ] && first_time "file $1"; then
        record file "$1"
    fi
}

# Which of the services that set keys at boot are started, and how.
services() {
    for folder in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
        resolve "$folder" || continue
        is_there "$real"
        for service in systemd-sysctl procps ufw tuned; do
            for entry in "$root$real/$service.service" "$root$real"/*.target.wants/"$service.service" \
                "$root$real"/*.target.requires/"$service.service"; do
                if [ -e "$entry" ] || [ -L "$entry" ]; then is_there "${entry#"$root"}"; fi
            done
        done
    done
    is_there /etc/rcS.d
    for service in sysctl procps procps.sh ufw tuned; do
        for entry in "$root"/etc/runlevels/*/"$service" "$root"/etc/rc[S2345].d/S[0-9][0-9]"$service"; do
            if [ -e "$entry" ] || [ -L "$entry" ]; then is_there "${entry#"$root"}"; fi
        done
        case $service in
            sysctl | procps*) lines_of of_script "/etc/init.d/$service" ;;
        esac
    done
    for entry in "$root"/etc/runlevels/*/*; do
        if [ -d "$entry" ]; then is_there "${entry#"$root"}"; fi
    done
    is_there /run/openrc
    lines_of anything /run/openrc/softlevel
    lines_of of_inittab /etc/inittab
    for entry in /usr/sbin/sysctl /sbin/sysctl /usr/bin/sysctl /bin/sysctl; do
        if { [ -e "$root$entry" ] || [ -L "$root$entry" ]; } && resolve "$entry"; then is_there "$real"; fi
    done
}

# The files of ufw and TuneD, as far as they say which keys are set.
writers() {
    lines_of of_ufw /etc/default/ufw
    lines_of of_ufw /etc/ufw/ufw.conf
    file=
    for config in /etc/default/ufw /etc/ufw/ufw.conf; do
        [ -r "$root$config" ] || continue
        while IFS= read -r line || [ -n "$line" ]; do
            case $line in *IPT_SYSCTL=/* | *IPT_SYSCTL=[\"\']/*) file=${line#*IPT_SYSCTL=} ;; esac
        done < "$root$config"
    done
    file=${file#[\"\']}
    file=${file%%[!A-Za-z0-9_./+@%:,-]*}
    if [ -n "$file" ]; then boot_file "$file"; fi
    lines_of anything /etc/tuned/active_profile
    if [ -e "$root/etc/tuned/active_profile" ]; then
        lines_of anything /etc/tuned/post_loaded_profile
        lines_of of_tuned /etc/tuned/tuned-main.conf
        for entry in "$root"/etc/tuned/profiles/*/tuned.conf "$root"/etc/tuned/*/tuned.conf "$root"/usr/lib/tuned/profiles/*/tuned.conf \
            "$root"/usr/lib/tuned/*/tuned.conf; do
            if [ -f "$entry" ]; then lines_of of_profile "${entry#"$root"}"; fi
        done
    fi
}

# Scripts of a boot that name sysctl keys. What is in them stays here: it may be anything.
scripts() {
    for entry in "$root"/etc/rc.local "$root"/etc/rc.d/rc.local "$root"/etc/local.d/*.start "$root"/etc/crontab "$root"/etc/cron.d/* \
        "$root"/var/spool/cron/crontabs/* "$root"/var/spool/cron/* "$root"/etc/NetworkManager/dispatcher.d/* \
        "$root"/etc/NetworkManager/dispatcher.d/pre-up.d/* "$root"/usr/lib/NetworkManager/dispatcher.d/* \
        "$root"/etc/network/if-pre-up.d/* "$root"/etc/network/if-up.d/* "$root"/etc/network/interfaces; do
        [ -f "$entry" ] || continue
        case $entry in
            *"$newline"*) ;;
            *) if [ ! -r "$entry" ]; then record unreadable "${entry#"$root"}"; elif names_keys "$entry"; then record named "${entry#"$root"}"; fi ;;
        esac
    done
}

names_keys() {
    left=$most_lines
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in *[!"$blanks"]*sysctl* | sysctl* | *"/proc/sys"*) return 0 ;; esac
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 0
    done < "$1"
    return 1
}

# Whether the first word of a line of a file is the one that is asked for.
has_word() {
    [ -r "$1" ] || return 1
    while read -r first _; do
        [ "$first" = "$2" ] && return 0
    done < "$1"
    return 1
}

# The NAT rules that a command prints, where it is there and does not fail. Comments may hold anything, so they stay here.
rules_of() {
    if have "$1" && listed=$("$@" 2> /dev/null); then
        record output "$*"
        printf '%s\n' "$listed" | sed -e 's/"[^"]*"/""/g' -e 's/--comment [^ ]*/--comment ""/' -e '/^\*/bp' -e '/^table/bp' -e '/xt target/bp' \
            -e '/[sdSD][nN][aA][tT]/bp' -e '/masquerade/bp' -e '/MASQUERADE/bp' -e '/redirect/bp' -e '/REDIRECT/bp' \
            -e '/KUBE-/bp' -e '/chain.*nodeport/bp' -e d -e ':p' | content "$most_lines"
    fi
}

nat_rules() {
    tracked=$(cat /proc/sys/net/netfilter/nf_conntrack_count 2> /dev/null)
    if [ -n "$root" ] || ! have sed || [ "${tracked:-0}" = 0 ]; then
        return 0
    fi
    PATH=$PATH:/usr/sbin:/sbin
    if has_word /proc/modules nf_tables || ! has_word /proc/modules nf_conntrack; then
        rules_of nft list ruleset
        # Newer versions of nft do not show what rules of iptables do.
        rules_of iptables-nft-save -t nat
    fi
    if has_word /proc/net/ip_tables_names nat; then
        rules_of iptables-save -t nat
        rules_of iptables-legacy-save -t nat
    fi
}

# The network namespaces of the processes that may be seen, each once.
namespaces() {
    if have sed && have sort; then
        # These names are numbers, so ls shows them as they are.
        # shellcheck disable=SC2012
        listed=$(ls -ld "$root"/proc/[0-9]*/ns/net 2> /dev/null | sed -n 's/.* -> \(net:\[[0-9]*\]\)$/\1/p' | sort -u)
        if [ -n "$listed" ]; then
            record output 'ls -ld /proc/*/ns/net'
            printf '%s\n' "$listed" | content "$most_lines"
        fi
    fi
}

counters() {
    value /proc/uptime
    value /proc/net/stat/nf_conntrack
    value /proc/net/netstat
    value /proc/net/snmp
}

tcp_keys="
net/ipv4/tcp_timestamps
net/ipv4/tcp_tw_reuse
net/ipv4/tcp_tw_reuse_delay
net/ipv4/tcp_tw_recycle
net/ipv4/tcp_tw_timeout
net/ipv4/tcp_max_tw_buckets
net/ipv4/tcp_fin_timeout
net/ipv4/tcp_rfc1337
net/ipv4/tcp_invalid_ratelimit
net/ipv4/ip_local_port_range
net/ipv4/ip_local_reserved_ports
net/ipv4/ip_unprivileged_port_start
net/ipv4/ip_local_port_step_width
net/ipv4/ip_autobind_reuse
net/ipv4/ip_nonlocal_bind
net/ipv4/tcp_max_syn_backlog
net/ipv4/tcp_syncookies
net/ipv4/tcp_syn_retries
net/ipv4/tcp_synack_retries
net/ipv4/tcp_abort_on_overflow
net/ipv4/tcp_migrate_req
net/ipv4/tcp_fastopen
net/core/somaxconn
net/core/netdev_max_backlog
net/ipv4/tcp_keepalive_time
net/ipv4/tcp_keepalive_intvl
net/ipv4/tcp_keepalive_probes
net/ipv4/tcp_retries1
net/ipv4/tcp_retries2
net/ipv4/tcp_orphan_retries
net/ipv4/tcp_max_orphans
net/ipv4/tcp_slow_start_after_idle
net/ipv4/tcp_sack
net/ipv4/tcp_window_scaling
net/ipv4/tcp_ecn
net/ipv4/tcp_no_metrics_save
net/ipv4/tcp_mtu_probing
net/ipv4/tcp_rmem
net/ipv4/tcp_wmem
net/ipv4/tcp_mem
net/ipv4/tcp_congestion_control
net/ipv4/tcp_ehash_entries
net/ipv4/tcp_child_ehash_entries
net/ipv4/ip_forward
net/ipv4/conf/all/rp_filter
net/ipv4/conf/default/rp_filter
net/ipv4/conf/all/accept_source_route
net/netfilter/nf_conntrack_max
net/nf_conntrack_max
net/netfilter/nf_conntrack_count
net/netfilter/nf_conntrack_buckets
net/netfilter/nf_conntrack_tcp_be_liberal
net/netfilter/nf_conntrack_tcp_loose
net/netfilter/nf_conntrack_tcp_ignore_invalid_rst
net/netfilter/nf_conntrack_tcp_timeout_close
net/netfilter/nf_conntrack_tcp_timeout_close_wait
net/netfilter/nf_conntrack_tcp_timeout_established
net/netfilter/nf_conntrack_tcp_timeout_fin_wait
net/netfilter/nf_conntrack_tcp_timeout_last_ack
net/netfilter/nf_conntrack_tcp_timeout_syn_recv
net/netfilter/nf_conntrack_tcp_timeout_syn_sent
net/netfilter/nf_conntrack_tcp_timeout_time_wait
fs/file-max
fs/nr_open
"

echo linux_tcp.capture/1
have date && record time "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
if have id; then
    if [ "$(id -u)" = 0 ]; then record root yes; else record root no; fi
fi
counters

key_values
if [ -d "$root/proc/sys/net/ipv4" ]; then
    record names /proc/sys/net/ipv4
    for entry in "$root"/proc/sys/net/ipv4/*; do
        printf '|%s\n' "${entry##*/}"
    done
fi
value /proc/sys/kernel/osrelease
value /proc/sys/kernel/hostname
value /proc/meminfo
value /proc/net/sockstat
table /proc/net/tcp "$most_sockets"
table /proc/net/tcp6 "$most_sockets"
table /proc/net/udp "$most_others"
table /proc/net/udp6 "$most_others"
table /proc/net/ip_vs "$most_lines"
table /proc/net/nf_conntrack "$most_others"
nat_rules

for entry in /proc/self/ns/net /proc/1/ns/net /proc/self/ns/pid; do
    if target=$(link_target "$root$entry" 2> /dev/null) && [ -n "$target" ]; then
        record link "$entry"
        printf '|%s\n' "$target"
    fi
done
namespaces
for entry in /proc/1 /run/systemd/system; do
    if [ -d "$root$entry" ]; then record folder "$entry"; fi
done

for entry in /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d /lib/sysctl.d; do
    boot_folder "$entry"
done
boot_file /etc/sysctl.conf
services
writers
scripts

if [ "$seconds" -gt 0 ]; then
    sleep "$seconds"
    echo '@again'
    counters
fi
echo '@end'
