# Counts what a QAPI schema declares, without the reader's help: run it on the top file of a schema,
# it follows includes.  Prints lines "what number".  Expressions are cut into signs and words; what a
# word is follows from the brackets around it and the key before each of them.

function dir(path) { return path ~ /\// ? substr(path, 1, match(path, /[^\/]*$/) - 1) : "" }

function add(path) { if (!(path in known)) { known[path] = 1; ARGV[ARGC++] = path } }

function in_list_of(name) { return open[depth] == "[" && key[depth - 1] == name }

function a_key(text) {
    key[depth] = text
    if (depth == 1 && kind == "") kind = text
    if (depth != 2) return
    if (key[1] == "base") count["base-members"]++
    if (key[1] == "data" && kind == "union") branches++
    if (key[1] == "data" && kind != "union") count["members"]++
}

function a_string(text) {
    if (depth == 1 && key[1] == "include") add(dir(FILENAME) text)
    if (depth == 1 && key[1] == "discriminator") tagged = 1
    if (depth == 2 && in_list_of("data") || in_list_of("features")) an_item()
    if (depth == 2 && key[1] == "data" || depth == 3 && key[3] == "type") type[key[2]] = text
}

function an_item() { count[key[depth - 1] == "data" ? "values" : "features"]++ }

function a_word(text) {
    if (depth == 1 && (text == "true" && key[1] ~ /^(allow-oob|allow-preconfig|coroutine)$/ \
        || text == "false" && key[1] ~ /^(gen|success-response)$/)) count["flags"]++
}

# A union without a discriminator implies an enumeration, a tag, and an object around each type.
function an_end(  name) {
    if (kind !~ /^(include|pragma)$/) count[kind]++
    if (kind == "union") count["branches"] += branches
    if (kind == "union" && !tagged) {
        count["enum"]++; count["base-members"]++; count["values"] += branches
        for (name in type) if (!wrapped[type[name]]++) { count["struct"]++; count["members"]++ }
    }
    kind = ""; tagged = branches = 0; split("", type); split("", key)
}

BEGIN { for (i = 1; i < ARGC; i++) known[ARGV[i]] = 1 }

/^# *Errors: *$/ { count["errors"]++ }

{
    for (rest = $0; match(rest, /'[^']*'|[][{}:,#]|[a-z]+/); rest = substr(rest, RSTART + RLENGTH)) {
        sign = substr(rest, RSTART, RLENGTH)
        if (sign == "#") break
        if (sign ~ /^[[{]/) {
            if (sign == "{" && (depth == 2 && in_list_of("data") || in_list_of("features"))) an_item()
            open[++depth] = sign; key[depth] = ""; before_key = sign == "{"
        }
        else if (sign ~ /^[]}]/) { before_key = 0; if (--depth == 0) an_end() }
        else if (sign == ":") before_key = 0
        else if (sign == ",") before_key = open[depth] == "{"
        else if (sign !~ /^'/) a_word(sign)
        else if (before_key) a_key(substr(sign, 2, length(sign) - 2))
        else a_string(substr(sign, 2, length(sign) - 2))
        # `match` of the functions above has moved these two.
        match(rest, /'[^']*'|[][{}:,#]|[a-z]+/)
    }
}

END { for (what in count) print what, count[what] }
