{% snapshot snapshot__cursos %}

{{ config(unique_key='curso_actual') }}

select * exclude (archivo, fila, problemas)
from {{ ref('landing__cursos') }}

{% endsnapshot %}
