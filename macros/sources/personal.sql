{# Personal data is refused before anything is captured: by a column's name, however it is spelt, and by its values. #}
{% macro is_personal(column) -%}
    {%- set plain = namespace(name=column | lower) -%}
    {%- for accented, letter in zip('áéíóúüñ', 'aeiouun') -%}
        {%- set plain.name = plain.name | replace(accented, letter) -%}
    {%- endfor -%}
    {{ return(modules.re.search(
        '(^|_)(dni|ruc|pasaporte|documento|correo|email|e_mail|telefono|celular|apellidos?|docente|profesora?|'
        ~ 'nombres?_?(alumn|estudiant|docent|profesor).*|alumno_(id|nombre)|estudiante(_id|_nombre)?|'
        ~ 'codigo_(alumno|estudiante|docente))($|_)',
        modules.re.sub('[^a-z0-9]+', '_', plain.name)) is not none) }}
{%- endmacro %}


{# Stops where the values of a column, one of the contract's or not, are a person's. Judged by shares of the distinct values, so
   that a column that is filled now and then, or says the same many times, is judged by what it says:
   - e-mail: one is enough; nothing else looks like it.
   - document or telephone: at least 20 values, 9 of 10 of them of the same make (8 to 11 digits, with or without a check letter,
     and no date), and spread: a person's number is one of millions, so few fall close together, while a system numbers its own
     rows one after the other. Codes of the contract (seccion_id, courses) are often such numbers and are not judged by this.
   - name: at least 4 values and half of all are words alone, one of them a common given name, none a saint's or a building's:
     a campus 'San Juan' or a slot is no person, and one campus 'Jesús María' among ten does not make half. #}
{% macro stop_on_personal_values(tabla, reader, contract) -%}
    {%- if not reader -%}{{ return('') }}{%- endif -%}
    {%- set typed = contract.columns | rejectattr('type', 'equalto', 'varchar') | map(attribute='name') | list -%}
    {%- set codes = ['seccion_id', 'curso', 'curso_actual', 'curso_siguiente'] -%}
    {%- set columns = [] -%}
    {%- for row in run_query("describe select * exclude (archivo, fila) from " ~ reader.sql).rows if row[0] | trim | lower not in typed -%}
        {%- do columns.append(row[0]) -%}
    {%- endfor -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append(
            "select " ~ quoted(column) ~ " as columna, trim(cast(" ~ identifier(column) ~ " as varchar)) as valor from muestra group by all"
        ) -%}
    {%- endfor -%}
    {%- if not parts -%}{{ return('') }}{%- endif -%}
    {%- set found = run_query(
        "with muestra as (from " ~ reader.sql ~ " using sample reservoir(50000 rows) repeatable (1)), valores as (" ~ parts | join(" union all ") ~ "),"
        ~ personal_shares()
    ).rows -%}
    {%- for column, kind in found if not (kind == 'document or telephone numbers' and column | trim | lower in codes) -%}
        {{ stop("Table " ~ tabla ~ ", column " ~ column ~ ": its values look like " ~ kind ~ ", and persons' data must not be delivered. "
            ~ "Leave the column out of the export (" ~ reader.files | join(', ') ~ "), or out of a mapping's select.") }}
    {%- endfor -%}
{%- endmacro %}


{# From `valores` (columna, valor: distinct), the columns that hold persons' data: columna, what it is. #}
{% macro personal_shares() -%}
 palabras as (
    select
        *,
        regexp_full_match(valor, '[^@ ]+@[^@ ]+[.][A-Za-z]{2,}') as es_correo,
        regexp_replace(valor, '[ .-]', '', 'g') as junto,
        string_split_regex(trim(regexp_replace(strip_accents(lower(valor)), '[,.]+', ' ', 'g')), ' +') as sueltas
    from valores
    where valor <> ''
),

marcas as (
    select
        *,
        (regexp_full_match(junto, '[XYZxyz]?[0-9]{7,11}[A-Za-z]?') and len(regexp_replace(junto, '[^0-9]', '', 'g')) between 8 and 11
            or regexp_full_match(junto, '[0-9]{7,8}[Kk]') or regexp_full_match(junto, '[+][0-9]{8,14}'))
            and not regexp_full_match(junto, '(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])')
            and not regexp_full_match(junto, '1[4-9][0-9]{8}|.*000') as es_numero,
        try_cast(regexp_replace(junto, '[^0-9]', '', 'g') as bigint) as numero,
        len(sueltas) between 1 and 6
            and len(list_filter(sueltas, lambda p: not regexp_full_match(p, '[a-zñ''´`-]+'))) = 0
            and list_has_any(sueltas, {{ given_names() }})
            and not list_has_any(sueltas, {{ no_persons() }}) as es_nombre
    from palabras
)

select columna, tipo
from (
    select
        columna,
        case
            when bool_or(es_correo) then 'e-mails'
            when count(*) filter (es_numero) >= greatest(20, 0.9 * count(*))
                and (max(numero) filter (es_numero) - min(numero) filter (es_numero)) / count(*) > 200 then 'document or telephone numbers'
            when count(*) filter (es_nombre) >= greatest(4, 0.5 * count(*)) then 'persons'' names'
        end as tipo
    from marcas
    group by columna
)
where tipo is not null
order by columna
{%- endmacro %}


{# Given names that most lists of persons in Spanish and English hold, without accents. Those that are rather places are left out
   (Victoria, Rosario, Santiago, Lima). #}
{% macro given_names() -%}
    {{ return(list_of((
        'juan jose luis carlos jorge pedro miguel manuel jesus cesar victor julio oscar ricardo fernando eduardo roberto mario antonio '
        ~ 'alejandro raul francisco javier daniel david marco angel walter hugo alberto ruben enrique rafael martin alfredo jaime edgar '
        ~ 'sergio andres diego christian cristian gustavo percy william wilmer guillermo henry richard pablo felipe gabriel ivan arturo '
        ~ 'maria ana rosa carmen luz gloria elena juana julia teresa martha marta patricia silvia claudia monica sandra sonia norma nancy '
        ~ 'elizabeth lucia laura karina karen carolina andrea paola diana milagros yolanda isabel susana flor cecilia veronica vanessa '
        ~ 'gladys irma olga nelly doris jessica jenny katherine mariela angela daniela sofia valeria camila fiorella erika liliana lourdes '
        ~ 'john james robert michael mary jennifer linda barbara susan margaret sarah thomas charles joseph kevin brian steven anthony '
        ~ 'paul mark george kenneth emily anna emma olivia'
    ).split())) }}
{%- endmacro %}

{% macro no_persons() -%}
    {{ return(list_of((
        'san santa santo sto sta sede campus local centro aula sala salon laboratorio lab colegio instituto escuela universidad '
        ~ 'avenida av calle jiron plaza parque edificio pabellon torre curso nivel taller programa'
    ).split())) }}
{%- endmacro %}
