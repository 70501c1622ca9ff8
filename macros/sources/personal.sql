{# Personal data is refused before anything is captured: by a column's name, however it is spelt (flows/dbt/personal.py), and by its
   values. Neither what refuses nor any other message repeats a value that may be a person's: `shown` decides. #}

{# The delivered columns: {name, type, shown (the name as a message may repeat it)}. Stops where one is called like a person's data. #}
{% macro columns_delivered(tabla, reader, contract) -%}
    {%- set known = contract.columns | map(attribute='name') | list -%}
    {%- set columns = [] -%}
    {%- set personal = [] -%}
    {%- for name, type, is_personal, shown in run_query(
        "with c as (from (describe select * exclude (archivo, fila) from " ~ reader.sql ~ ")), l as (select list(column_name) as nombres from c)"
        ~ " select column_name, column_type, aforo_is_personal(column_name), aforo_shown(nombres)[list_position(nombres, column_name)] from c, l"
    ).rows -%}
        {%- do columns.append({'name': name, 'type': type, 'shown': shown}) -%}
        {%- do personal.append(shown) if is_personal and name | trim | lower not in known -%}
    {%- endfor -%}
    {%- if personal -%}
        {{ stop("Table " ~ tabla ~ ", column " ~ personal | join(', ') ~ ": a person's name or number must not be delivered. "
            ~ leave_out(reader)) }}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro leave_out(reader) -%}
    {{ return("Leave the column out of the export (" ~ reader.files | join(', ') ~ "), or out of a mapping's select.") }}
{%- endmacro %}


{# Stops where the values of a column, one of the contract's or not, are a person's. All rows are looked at, each distinct value once;
   shares are of the distinct values, so that a column that is filled now and then, or says the same many times, is judged by what it says:
   - e-mail: one is enough, anywhere in a text; nothing else looks like it.
   - document or telephone that says so ('DNI 00000000', '+51 …') or is of a form that only documents have: one is enough.
   - other numbers: at least 20 values, 9 of 10 of them of the same make (8 to 11 digits, with or without a check letter,
     and no date), and spread: a person's number is one of millions, so few fall close together, while a system numbers its own
     rows one after the other. Codes of the contract (seccion_id, courses) are often such numbers and are not judged by this.
   - name: at least 4 values and half of all are words alone, one of them a common given name, none a saint's or a building's:
     a campus 'San Juan' or a slot is no person, and one campus 'Jesús María' among ten does not make half. The contract's own columns
     are of places and things, which may be called after a person: there a name counts that is written 'Soto, Juan', or of three words
     in at least 20 values.
   - in the table of sections, where a place or a slot comes again and again: a text of words with a given name, or a number of
     8 to 11 digits that is not as long as the column's codes are, in far fewer rows than the column's other values. Somebody has typed it there.
   A mapping can declare columns that a person has seen to be of things (-- not_personal: sede): names and bare numbers are then none. #}
{% macro stop_on_personal_values(tabla, reader, columns, contract) -%}
    {%- if not reader -%}{{ return('') }}{%- endif -%}
    {%- set known = contract.columns | map(attribute='name') | list -%}
    {%- set codes = ['seccion_id', 'curso', 'curso_actual', 'curso_siguiente'] -%}
    {%- set parts = [] -%}
    {%- for c in columns -%}
        {%- set is_used_often = 'seccion_id' in known and c.name | trim | lower in known and c.name | trim | lower != 'seccion_id' -%}
        {%- do parts.append(
            "select " ~ loop.index0 ~ " as posicion, " ~ (c.name | trim | lower in known) ~ " as es_de_cosas, " ~ is_used_often ~ " as se_repite, count(*) as filas, "
            ~ (c.name | trim | lower in codes) ~ " as es_codigo, " ~ (c.name | trim | lower in reader.no_personales) ~ " as es_declarada, trim(cast(" ~ identifier(c.name) ~ " as varchar)) as valor from "
            ~ reader.sql ~ " group by all"
        ) if not modules.re.match('DOUBLE|FLOAT|BOOLEAN|DATE|TIME', c.type) -%}
    {%- endfor -%}
    {%- if not parts -%}{{ return('') }}{%- endif -%}
    {%- set problems = [] -%}
    {%- for position, kind in run_query("with valores as (" ~ parts | join(" union all ") ~ ")," ~ personal_shares()).rows -%}
        {%- do problems.append((columns[position], kind)) -%}
    {%- endfor -%}
    {%- if problems -%}
        {%- set said = [] -%}
        {%- set declarable = [] -%}
        {%- set remedies = [] -%}
        {%- set rules = {
            "persons' names": " (half of them or more hold a common given name)",
            "document or telephone numbers": " (nine of ten are numbers of 8 to 11 digits, far apart from each other)",
            "a person's name": " (words with a common given name, in few rows)",
            "a document or telephone number": " (a number of 8 to 11 digits, in few rows)",
        } -%}
        {%- for column, kind in problems -%}
            {%- do said.append("column " ~ column.shown ~ (": a value looks like " if kind.startswith('a ') else ": its values look like ") ~ kind ~ rows_with(column, kind, reader) ~ rules.get(kind, '')) -%}
            {%- do declarable.append(column.name | trim | lower) if kind in rules -%}
            {%- do remedies.append("Correct these rows in the source." if kind.startswith('a ') else leave_out(reader)) -%}
        {%- endfor -%}
        {{ stop("Table " ~ tabla ~ ", " ~ said | join('; ') ~ ", and persons' data must not be delivered. " ~ remedies | unique | join(' ')
            ~ (" If they are of things or places, say so on top of the mapping " ~ tabla ~ ".sql: -- not_personal: " ~ declarable | join(', ')
                if declarable else "")) }}
    {%- endif -%}
{%- endmacro %}


{# Where the values are of which one is enough: ' (row 6, 9 of sections.csv)'. #}
{% macro rows_with(column, kind, reader) -%}
    {%- set value = "cast(" ~ identifier(column.name) ~ " as varchar)" -%}
    {%- set is_rare = "trim(" ~ value ~ ") in (select valor from (select trim(" ~ value ~ ") as valor, count(*) as filas from " ~ reader.sql
        ~ " group by all having valor <> '') qualify " ~ in_few_rows('') ~ ")" -%}
    {%- set conditions = {
        'e-mails': has_email(value),
        'documents or telephones': has_document(value),
        "a person's name": "len(" ~ words_alone(value) ~ ") > 1 and " ~ name_somebody(words_alone(value)) ~ " and " ~ is_rare,
        'a document or telephone number': is_number_of_person("regexp_replace(" ~ value ~ ", '[ .-]', '', 'g')") ~ " and " ~ is_rare,
    } -%}
    {%- if kind not in conditions -%}{{ return('') }}{%- endif -%}
    {%- set rows = run_query(
        "select archivo, fila from " ~ reader.sql ~ " where " ~ conditions[kind] ~ " order by archivo, fila limit 3"
    ).rows -%}
    {{ return(" (row " ~ rows | map(attribute=1) | join(', ') ~ " of " ~ rows[0][0] ~ ")") }}
{%- endmacro %}


{% macro has_email(value) -%}
    {{ return("(contains(" ~ value ~ ", '@') and regexp_matches(" ~ value ~ ", '[[:alnum:]._%+-]@[[:alnum:]-]+[.][[:alpha:]]{2,}'))") }}
{%- endmacro %}

{# A number that says what it is, a telephone with its country, a Chilean, Brazilian or Mexican document. #}
{% macro has_document(value) -%}
    {{ return("regexp_matches(" ~ value ~ ", '" ~ (
        '(?i)(^|[^[:alpha:]])(d[.]?n[.]?i[.]?|r[.]?u[.]?t[.]?|ruc|curp|cpf|rfc|nif|nie|ssn|c[eé]dula|pasaporte|passport|documento|tel[eé]fono|telefone|telf?|phone|'
        ~ 'cel|celular|m[oó]vil|whatsapp)[^[:alnum:]]{0,6}(n[°ºo.]{0,3}[^[:alnum:]]{0,3})?[+(]?[0-9][0-9 .()-]{5,}'
        ~ '|(^|[^[:alnum:]])[+][0-9]{1,3}[ .-]?[(]?[0-9]{2,4}[)]?[ .-]?[0-9]{3}[ .-]?[0-9]{2,4}'
        ~ '|(^|[^[:alnum:]])[0-9]{1,2}[.][0-9]{3}[.][0-9]{3}-[0-9k]($|[^[:alnum:]])'
        ~ '|(^|[^[:alnum:]])[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9]{2}($|[^[:alnum:]])'
        ~ '|(^|[^[:alnum:]])[a-z]{4}[0-9]{6}[hm][a-z]{5}[a-z0-9][0-9]($|[^[:alnum:]])'
    ) ~ "')") }}
{%- endmacro %}

{# The words of a text, without accents and points. #}
{% macro words(value) -%}
    {{ return("string_split_regex(trim(regexp_replace(strip_accents(lower(" ~ value ~ ")), '[,.]+', ' ', 'g')), ' +')") }}
{%- endmacro %}


{# A value in fewer than ten rows, where the column's other values have five times as many. #}
{% macro in_few_rows(group) %}{{ return("(filas < 10 and filas * 5 <= median(filas) over (" ~ group ~ "))") }}{% endmacro %}

{# The same, whatever stands between and beside the words. #}
{% macro words_alone(value) -%}
    {{ return(words("regexp_replace(" ~ value ~ ", '[^\\p{L}]+', ' ', 'g')")) }}
{%- endmacro %}

{# One of these words is a given name and none a place's. #}
{% macro name_somebody(found) -%}
    {{ return("(list_has_any(" ~ found ~ ", getvariable('given_names')) and not list_has_any(" ~ found ~ ", " ~ no_persons() ~ "))") }}
{%- endmacro %}

{# Of 8 to 11 digits, with or without a check letter; no day, no two hours of a day (0700-0830), no round number. #}
{% macro is_number_of_person(joined) -%}
    {{ return("((regexp_full_match(" ~ joined ~ ", '[XYZxyz]?[0-9]{7,11}[A-Za-z]?') and len(regexp_replace(" ~ joined ~ ", '[^0-9]', '', 'g')) between 8 and 11"
        ~ " or regexp_full_match(" ~ joined ~ ", '[0-9]{7,8}[Kk]') or regexp_full_match(" ~ joined ~ ", '[+][0-9]{8,14}'))"
        ~ " and not regexp_full_match(" ~ joined ~ ", '(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])')"
        ~ " and not regexp_full_match(" ~ joined ~ ", '(([01][0-9]|2[0-4])[0-5][0-9]){2}')"
        ~ " and not regexp_full_match(" ~ joined ~ ", '1[4-9][0-9]{8}|.*000'))") }}
{%- endmacro %}


{# From `valores` (posicion of the column, es_de_cosas, se_repite: of sections, filas with it, es_codigo, es_declarada, valor: distinct), the columns that hold persons' data: posicion, what it is. #}
{% macro personal_shares() -%}
 palabras as (
    select
        *,
        {{ has_email('valor') }} as es_correo,
        {{ has_document('valor') }} as es_documento,
        se_repite and {{ in_few_rows('partition by posicion') }} as es_rara,
        regexp_replace(valor, '[ .-]', '', 'g') as junto,
        -- Codes and numbers, which are many, have no words to look at.
        case when regexp_full_match(strip_accents(lower(valor)), '[a-zñ''´` .,-]+') then {{ words('valor') }} end as sueltas
    from valores
    where valor <> ''
),

marcas as (
    select
        *,
        {{ is_number_of_person('junto') }} as es_numero,
        try_cast(regexp_replace(junto, '[^0-9]', '', 'g') as bigint) as numero,
        sueltas is not null
            and len(sueltas) between 1 and 6
            and {{ name_somebody('sueltas') }} as es_nombre,
        es_rara and len({{ words_alone('valor') }}) > 1 and {{ name_somebody(words_alone('valor')) }} as es_nombre_raro,
        mode(len(junto)) over (partition by posicion) as largo_usual
    from palabras
)

select posicion, tipo
from (
    select
        posicion,
        case
            when bool_or(es_correo) then 'e-mails'
            when bool_or(es_documento) then 'documents or telephones'
            when any_value(es_declarada) then null
            when not any_value(es_codigo) and count(*) filter (es_numero) >= greatest(20, 0.9 * count(*))
                and (max(numero) filter (es_numero) - min(numero) filter (es_numero)) / count(*) > 200 then 'document or telephone numbers'
            when
                case when any_value(es_de_cosas)
                    then count(*) filter (es_nombre and contains(valor, ',')) >= greatest(4, 0.5 * count(*))
                        or count(*) filter (es_nombre and len(sueltas) > 2) >= greatest(20, 0.5 * count(*))
                    else count(*) filter (es_nombre) >= greatest(4, 0.5 * count(*))
                end then 'persons'' names'
            when bool_or(es_nombre_raro) then 'a person''s name'
            when bool_or(es_rara and es_numero and len(junto) <> largo_usual) then 'a document or telephone number'
        end as tipo
    from marcas
    group by posicion
)
where tipo is not null
order by posicion
{%- endmacro %}


{% macro no_persons() -%}
    {{ return(list_of((
        'san santa santo sto sta sede campus local centro aula sala salon laboratorio lab colegio instituto escuela universidad '
        ~ 'turno grupo avenida av calle jiron plaza parque edificio pabellon torre curso nivel taller programa'
    ).split())) }}
{%- endmacro %}


{# What a message may repeat of a value, the one place that decides it: numbers and days as short as numbers and days are and, in a
   column of text, codes: no spaces or a digit, and nothing of a person. Of everything else its length alone; file and row lead to it. #}
{% macro shown(value, type) -%}
    case
        when regexp_full_match({{ value }}, '[-+]?[0-9]{1,6}([.,][0-9]{1,6})?|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?') then {{ value }}
        when regexp_full_match({{ value }}, '([0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}|[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{4})([ T][0-9:.]{1,15}Z?)?')
            then {{ value }}
        {%- if type == 'varchar' %}
        when
            regexp_full_match({{ value }}, '[\p{L}\p{N} :/_.+()-]{1,40}')
            and (not contains({{ value }}, ' ') or regexp_matches({{ value }}, '[0-9]'))
            and not regexp_matches({{ value }}, '([0-9][ .-]?){7}')
            and not {{ has_document(value) }}
            and not list_has_any({{ words_alone(value) }}, getvariable('given_names'))
            then {{ value }}
        {%- endif %}
        else '<text of ' || cast(len({{ value }}) as varchar) || ' characters>'
    end
{%- endmacro %}
