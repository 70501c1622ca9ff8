{# The audit of a landing table. Each test returns rows that say to a person what is wrong:
   tabla, archivo, fila, columna, valor, problema, remedio. `aforo` prints them; dbt stores them in `auditoria`. #}

{% test sin_problemas(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    unnest(problemas, recursive := true)
from {{ model }}
where len(problemas) > 0
{% endtest %}

{% test con_filas(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    '{{ source_folder() }}' as archivo,
    cast(null as bigint) as fila,
    cast(null as varchar) as columna,
    cast(null as varchar) as valor,
    'the table has no rows' as problema,
    'deliver the table whole' as remedio
where not exists (select 1 from {{ model }})
{% endtest %}

{# Every period is one of the calendar's, or a month YYYYMM where no calendar is delivered. #}
{% test periodos_en_calendario(model, calendario) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    'periodo' as columna,
    cast(periodo as varchar) as valor,
    case
        when exists (select 1 from {{ calendario }}) then 'is not in calendario'
        else 'is no month YYYYMM'
    end as problema,
    'correct the value, or add the period to the table calendario' as remedio
from {{ model }}
where
    periodo is not null
    and case
        when exists (select 1 from {{ calendario }})
            then not exists (select 1 from {{ calendario }} as c where c.periodo = {{ model.identifier }}.periodo)
        else periodo not between 190001 and 299912 or periodo % 100 not between 1 and 12
    end
{% endtest %}

{# A forecast needs a period to learn from and one to compare it with. #}
{% test varios_periodos(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    any_value(archivo) as archivo,
    cast(null as bigint) as fila,
    'periodo' as columna,
    cast(any_value(periodo) as varchar) as valor,
    'all rows are of one period' as problema,
    'deliver at least two periods of history' as remedio
from {{ model }}
where matriculados > 0
having count(distinct periodo) = 1
{% endtest %}

{# The indices of a calendar are one to a period and without gaps. #}
{% test indices_consecutivos(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    'indice' as columna,
    cast(indice as varchar) as valor,
    'does not follow the index before it' as problema,
    'number the periods one by one, in their order' as remedio
from {{ model }}
qualify indice - lag(indice) over (order by indice) <> 1
{% endtest %}
