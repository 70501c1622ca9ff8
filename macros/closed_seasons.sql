{# The seasons that were passed in a cycle or more of history and never had a section: the institute is closed then. `periods` has
   indice, estacion, hay_secciones. #}
{% macro closed_seasons(periods) -%}
select estacion
    from (
        select
            indice,
            estacion,
            hay_secciones,
            min(indice) filter (where hay_secciones) over () as primero,
            max(indice) filter (where hay_secciones) over () as ultimo,
            max(estacion) over () as estaciones
        from {{ periods }}
    ) as p
    where indice between primero and ultimo and ultimo - primero + 1 >= estaciones
    group by estacion
    having not bool_or(hay_secciones)
{%- endmacro %}
