{# Rules of single tables that the audit (tests/sql/generic/audit.sql) holds them to; each gives its rows. #}

{# A row of the audit that names a row of the table. #}
{% macro audit_row(model, columna, problema, remedio) -%}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    '{{ columna }}' as columna,
    {{ shown('cast(' ~ columna ~ ' as varchar)', 'date' if columna.startswith('fecha') else 'integer') }} as valor,
    {{ quoted(problema) }} as problema,
    {{ quoted(remedio) }} as remedio
{%- endmacro %}

{# Calendar: indices are one to a period and without gaps, seasons follow each other, dates run forward and do not overlap. #}
{% macro rule_calendario(model) -%}
{%- set orden = "over (order by indice)" -%}
{{ audit_row(model, 'indice', 'does not follow the index before it', 'number the periods one by one, in their order') }}
from {{ model }}
qualify indice - lag(indice) {{ orden }} <> 1
union all
{{ audit_row(model, 'estacion', 'does not follow the season before it',
    'number the seasons of a year 1, 2, 3 …, and begin at 1 again; a period without a section is in the calendar too') }}
from {{ model }}
qualify not (estacion = lag(estacion) {{ orden }} + 1 or (estacion = 1 and lag(estacion) {{ orden }} = max(estacion) over ()))
union all
{{ audit_row(model, 'fecha_fin', 'the period ends before it begins', 'correct fecha_inicio or fecha_fin') }}
from {{ model }}
where fecha_inicio > fecha_fin
union all
{{ audit_row(model, 'fecha_inicio', 'the period begins before the one before it has ended',
    'correct the dates, or number the periods in the order of their dates; leave fecha_fin empty where periods overlap on purpose') }}
from {{ model }}
qualify fecha_inicio <= greatest(lag(fecha_inicio) {{ orden }}, lag(fecha_fin) {{ orden }})
{%- endmacro %}

{# Hours are those of a day, the first before the second. #}
{% macro rule_horas(model, primera, segunda) -%}
{{ audit_row(model, segunda, 'is not after ' ~ primera, 'correct the hours; midnight at the end of a day is 24') }}
from {{ model }}
where {{ segunda }} <= {{ primera }}
{%- for columna in (primera, segunda) %}
union all
{{ audit_row(model, columna, 'is above 24', 'write hours in decimals, such as 8.5 for half past eight') }}
from {{ model }}
where {{ columna }} > 24
{%- endfor %}
{%- endmacro %}

{# Today's code stands for itself: one that is mapped on to another is an old one. #}
{% macro rule_cadenas(model, codigo) -%}
select
    '{{ model.identifier }}' as tabla,
    a.archivo,
    a.fila,
    '{{ codigo }}_actual' as columna,
    {{ shown('a.' ~ codigo ~ '_actual', 'varchar') }} as valor,
    'is mapped to another code itself' as problema,
    'map every code to the one of today at once' as remedio
from {{ model }} as a
inner join {{ model }} as b on a.{{ codigo }}_actual = b.{{ codigo }}
where b.{{ codigo }} <> b.{{ codigo }}_actual and a.{{ codigo }} <> a.{{ codigo }}_actual
{%- endmacro %}

{# A forecast needs a period to learn from and one to compare it with, both with students in classes that were held (as `corrida` asks). #}
{% macro rule_historia(model) -%}
select
    '{{ model.identifier }}' as tabla,
    any_value(archivo) as archivo,
    null as fila,
    case when count(periodo_dictado) = 0 then 'matriculados' else 'periodo' end as columna,
    {{ shown('cast(any_value(periodo_dictado) as varchar)', 'integer') }} as valor,
    case
        when count(periodo_dictado) = 0 and count(*) filter (where matriculados > 0) > 0
            then 'no section that has students is in the state cerrado: nothing is known to have been held'
        when count(periodo_dictado) = 0 then 'no section has a student: all are 0'
        else 'all rows are of one period'
    end as problema,
    case
        when count(periodo_dictado) = 0 and count(*) filter (where matriculados > 0) > 0
            then 'let the mapping say which state means held (cerrado), or leave estado out'
        when count(periodo_dictado) = 0 then 'see in the mapping that it is the column of students enrolled'
        else 'deliver at least two periods of history'
    end as remedio
from (select *, case when coalesce(estado, 'cerrado') = 'cerrado' and matriculados > 0 then periodo end as periodo_dictado from {{ model }})
having count(*) > 0 and count(distinct periodo_dictado) <= 1
{%- endmacro %}
